import assert from 'node:assert/strict';
import { ConfigError } from '@breakwater/core';
import { fixedRandom } from '@breakwater/core/testing';
import fc from 'fast-check';
import { Backoff } from './backoff.js';

describe('Backoff', () => {
  it('doubles up to its maximum, and starts over after a success', () => {
    const backoff = new Backoff({ initialMs: 100, maxMs: 1_000 }, fixedRandom(0.5));
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6].map(() => backoff.next()),
      [100, 200, 400, 800, 1_000, 1_000],
    );
    assert.equal(backoff.count, 6);
    backoff.reset();
    assert.equal(backoff.next(), 100);
  });

  it('stays within its jitter for ever', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.999_999, noNaN: true }), fc.nat(5_000), (chance, failures) => {
        const backoff = new Backoff({ initialMs: 100, maxMs: 10_000, jitterRatio: 0.2 }, fixedRandom(chance));
        let delay = 0;
        for (let failure = 0; failure <= failures; failure++) delay = backoff.next();
        const base = Math.min(10_000, 100 * 2 ** failures);
        assert.ok(delay >= base * 0.8 - 1 && delay <= base * 1.2 + 1);
      }),
    );
  });

  it('refuses settings out of range', () => {
    const of = (options: object) => () => new Backoff({ initialMs: 1, maxMs: 2, ...options }, fixedRandom(0));
    for (const options of [
      { initialMs: 0 },
      { initialMs: 3 },
      { maxMs: Number.NaN },
      { multiplier: 0.5 },
      { jitterRatio: 2 },
    ]) {
      assert.throws(of(options), ConfigError, JSON.stringify(options));
    }
  });
});
