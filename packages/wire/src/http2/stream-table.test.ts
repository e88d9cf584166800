import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Numbered, StreamTable } from './stream-table.js';

/** What happens to a table; streams to remove are chosen among the open ones. */
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('open' as const), skipped: fc.constantFrom(0, 0, 0, 1, 7) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('close' as const), which: fc.nat({ max: 1000 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('closeNewest' as const) }) },
);

describe('StreamTable', () => {
  it('holds what a Map would hold, over any openings and ends', () => {
    const property = fc.property(
      fc.constantFrom(1, 2, 2 ** 30 + 1),
      fc.array(step, { maxLength: 400, size: 'max' }),
      (firstId, steps) => {
        const table = new StreamTable<Numbered>();
        const model = new Map<number, Numbered>();
        let nextId = firstId;
        const close = (stream: Numbered | undefined): void => {
          if (stream === undefined) return;
          table.remove(stream);
          model.delete(stream.id);
        };
        for (const one of steps) {
          const open = [...model.values()];
          if (one.kind === 'open') {
            const stream = { id: nextId + 2 * one.skipped };
            nextId = stream.id + 2;
            table.add(stream);
            model.set(stream.id, stream);
          } else close(one.kind === 'close' ? open[one.which % Math.max(1, open.length)] : open.at(-1));
          assert.equal(table.size, model.size);
        }
        assert.deepEqual(table.toArray(), [...model.values()]);
        for (let id = firstId - 1; id < nextId + 70; id++) assert.equal(table.get(id), model.get(id));
      },
    );
    fc.assert(property, { numRuns: 200 });
  });

  it('finds a stream that outlives thousands of others, and those', () => {
    const table = new StreamTable<Numbered>();
    const old = [{ id: 1 }, { id: 3 }, { id: 33 }];
    for (const stream of old) table.add(stream);
    for (let id = 35; id < 20_001; id += 2) {
      const stream = { id };
      table.add(stream);
      assert.equal(table.get(id), stream);
      for (const one of old) assert.equal(table.get(one.id), one);
      table.remove(stream);
      assert.equal(table.get(id), undefined);
    }
    assert.deepEqual(table.toArray(), old);
    for (const stream of old) table.remove(stream);
    assert.equal(table.size, 0);
    assert.deepEqual(table.toArray(), []);
  });

  it('lists streams in the order of their ids, those aside among them', () => {
    const table = new StreamTable<Numbered>();
    for (const id of [1, 5, 33, 37, 65]) table.add({ id });
    assert.deepEqual(
      table.toArray().map(({ id }) => id),
      [1, 5, 33, 37, 65],
    );
  });

  it('does not mind a stream that it does not have, or has no more', () => {
    const table = new StreamTable<Numbered>();
    const stream = { id: 1 };
    table.add(stream);
    table.remove({ id: 33 });
    table.remove({ id: 3 });
    assert.equal(table.size, 1);
    table.remove(stream);
    table.remove(stream);
    assert.equal(table.size, 0);
  });

  it('knows no stream of an even id beside its odd ones', () => {
    const table = new StreamTable<Numbered>();
    table.add({ id: 1 });
    assert.equal(table.get(0), undefined);
    assert.equal(table.get(2), undefined);
  });
});
