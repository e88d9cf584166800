import assert from 'node:assert/strict';
import fc from 'fast-check';
import { PriorityQueue } from './priority-queue.js';

describe('PriorityQueue', () => {
  it('gives what a list sorted by priority and arrival would give', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('push' as const), priority: fc.integer({ min: 0, max: 9 }) }),
      fc.record({ kind: fc.constant('shift' as const) }),
      fc.record({ kind: fc.constant('remove' as const), which: fc.nat(30) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
        const queue = new PriorityQueue<{ id: number }>();
        let list: { item: { id: number }; priority: number }[] = [];
        for (const [id, one] of steps.entries()) {
          if (one.kind === 'push') {
            const item = { id };
            queue.push(item, one.priority);
            list.push({ item, priority: one.priority });
          } else if (one.kind === 'shift') {
            const [first] = [...list].sort((a, b) => a.priority - b.priority || a.item.id - b.item.id);
            list = list.filter((entry) => entry !== first);
            assert.equal(queue.shift(), first?.item);
          } else {
            const gone = list.splice(one.which % Math.max(1, list.length), 1)[0];
            if (gone !== undefined) assert.equal(queue.remove(gone.item), true);
            assert.equal(queue.remove({ id: -1 }), false);
          }
          assert.equal(queue.size, list.length);
        }
      }),
    );
  });
});
