import assert from 'node:assert/strict';
import { fixedRandom, SeededRandom } from '@breakwater/core/testing';
import fc from 'fast-check';
import { backoffMs } from './backoff.js';

const backoff = { initialBackoffMs: 50, backoffMultiplier: 2, maxBackoffMs: 1000 };

describe('backoffMs', () => {
  it('doubles from 50 ms and stops at a second', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 100].map((retry) => backoffMs(retry, backoff, fixedRandom(0.5)));
    assert.deepEqual(waits, [50, 100, 200, 400, 800, 1000, 1000, 1000]);
  });

  it('jitters by a factor from 0.8 to 1.2 of what A6 computes', () => {
    assert.equal(backoffMs(1, backoff, fixedRandom(0)), 40);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer(), (retry, seed) => {
        let plain = backoff.initialBackoffMs;
        for (let step = 1; step < retry; step++) plain *= backoff.backoffMultiplier;
        plain = Math.min(plain, backoff.maxBackoffMs);
        const wait = backoffMs(retry, backoff, new SeededRandom(seed));
        assert.ok(wait >= plain * 0.8 && wait < plain * 1.2);
      }),
    );
  });
});
