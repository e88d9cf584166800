import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DynamicTable } from './dynamic-table.js';
import { HeaderField } from './header-field.js';

const sized = (bytes: number): HeaderField => new HeaderField('n', 'v'.repeat(bytes - 33));
const entries = (table: DynamicTable): (HeaderField | undefined)[] =>
  Array.from({ length: table.count }, (_, age) => table.at(age));

describe('DynamicTable', () => {
  it('evicts the oldest entries that a new one needs the room of, and no more', () => {
    const table = new DynamicTable(120);
    const [a, b, c, d] = [sized(40), sized(40), sized(40), sized(41)] as const;
    for (const field of [a, b, c]) table.add(field);
    assert.deepEqual(entries(table), [c, b, a]);
    assert.equal(table.sizeBytes, 120);
    table.add(d);
    assert.deepEqual(entries(table), [d, c]);
    assert.equal(table.sizeBytes, 81);
  });

  it('is emptied by an entry larger than itself, and takes one that just fits', () => {
    const table = new DynamicTable(100);
    table.add(sized(50));
    table.add(sized(101));
    assert.deepEqual([table.count, table.sizeBytes, table.at(0)], [0, 0, undefined]);
    table.add(sized(100));
    assert.deepEqual([table.count, table.sizeBytes], [1, 100]);
  });

  it('is after any history what an array would be', () => {
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.record({ add: fc.integer({ min: 33, max: 200 }) }) },
      { weight: 1, arbitrary: fc.record({ resize: fc.constantFrom(0, 33, 100, 1000, 4096) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
        const table = new DynamicTable(4096);
        const model: HeaderField[] = [];
        let capacity = 4096;
        for (const one of steps) {
          if ('add' in one) {
            const field = sized(one.add);
            table.add(field);
            model.unshift(field);
          } else {
            capacity = one.resize;
            table.resize(capacity);
          }
          while (model.reduce((sum, { size }) => sum + size, 0) > capacity) model.pop();
          assert.equal(
            table.sizeBytes,
            model.reduce((sum, { size }) => sum + size, 0),
          );
        }
        assert.ok(entries(table).every((field, age) => field === model[age]));
        assert.equal(table.count, model.length);
        assert.equal(table.at(table.count), undefined);
      }),
    );
  });
});
