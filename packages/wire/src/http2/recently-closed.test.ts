import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RecentlyClosed } from './recently-closed.js';

describe('RecentlyClosed', () => {
  it('knows the last 256 streams, and how each ended', () => {
    const ending = fc.record({ skipped: fc.nat({ max: 3 }), resetHere: fc.boolean() });
    const property = fc.property(fc.array(ending, { maxLength: 600, size: 'max' }), (endings) => {
      const closed = new RecentlyClosed();
      const model: [id: number, ending: string][] = [];
      let id = 1;
      for (const { skipped, resetHere } of endings) {
        id += 2 * skipped + 2;
        closed.add(id, resetHere);
        model.push([id, resetHere ? 'reset-here' : 'closed']);
      }
      const known = new Map(model.slice(-256));
      for (let one = 1; one <= id + 10; one += 2) assert.equal(closed.endingOf(one), known.get(one), `stream ${one}`);
    });
    fc.assert(property, { numRuns: 50 });
  });

  it('knows the highest stream id there is', () => {
    const closed = new RecentlyClosed();
    closed.add(2 ** 31 - 1, true);
    closed.add(2 ** 31 - 3, false);
    assert.equal(closed.endingOf(2 ** 31 - 1), 'reset-here');
    assert.equal(closed.endingOf(2 ** 31 - 3), 'closed');
  });
});
