import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Bulkhead, type Waiter } from './bulkhead.js';

describe('Bulkhead', () => {
  it('serves in order of arrival and loses no permit, whoever leaves or declines', () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant('arrive' as const),
          declines: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
        }),
      },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('release' as const) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), which: fc.nat(20) }) },
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 5 }),
        fc.array(step, { maxLength: 100, size: 'max' }),
        (maxInFlight, maxQueue, steps) => {
          const bulkhead = new Bulkhead(maxInFlight, maxQueue);
          let holding = 0;
          const line: { readonly id: number; readonly waiter: Waiter; readonly declines: boolean }[] = [];
          const served: number[] = [];
          let nextId = 0;
          for (const one of steps) {
            if (one.kind === 'arrive') {
              if (holding < maxInFlight) {
                assert.equal(bulkhead.tryAcquire(), true);
                holding += 1;
                continue;
              }
              assert.equal(bulkhead.tryAcquire(), false);
              const id = nextId++;
              const waiter: Waiter = { granted: () => (served.push(id), !one.declines) };
              assert.equal(bulkhead.enqueue(waiter), line.length < maxQueue);
              if (line.length < maxQueue) line.push({ id, waiter, declines: one.declines });
            } else if (one.kind === 'leave') {
              const left = line.splice(one.which % Math.max(1, line.length), 1)[0];
              if (left === undefined) continue;
              assert.equal(bulkhead.leave(left.waiter), true);
              assert.equal(bulkhead.leave(left.waiter), false);
            } else if (holding > 0) {
              const before = served.length;
              bulkhead.release();
              const offered: number[] = [];
              let taken = false;
              while (!taken && line.length > 0) {
                const first = line.shift();
                assert.ok(first);
                offered.push(first.id);
                taken = !first.declines;
              }
              if (!taken) holding -= 1;
              assert.deepEqual(served.slice(before), offered);
            }
            assert.equal(bulkhead.inFlight, holding);
            assert.equal(bulkhead.waiting, line.length);
            assert.ok(bulkhead.inFlight <= maxInFlight);
          }
          while (bulkhead.inFlight > 0) bulkhead.release();
          assert.equal(bulkhead.waiting, 0);
        },
      ),
    );
  });

  it('hands a permit on through any number of waiters that decline it', () => {
    const bulkhead = new Bulkhead(1, 100_000);
    assert.ok(bulkhead.tryAcquire());
    for (let waiter = 0; waiter < 100_000; waiter++) bulkhead.enqueue({ granted: () => false });
    bulkhead.release();
    assert.deepEqual([bulkhead.inFlight, bulkhead.waiting], [0, 0]);
  });
});
