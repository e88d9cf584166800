import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BdpEstimator, MAX_GROWN_WINDOW_BYTES } from './bdp-estimator.js';

const WINDOW = 1000;

/** One sample: `bytes` arrive between a PING at `now` and its answer after `roundTripMs`. @returns the new window, or 0 */
function sample(bdp: BdpEstimator, bytes: number, now: number, roundTripMs: number): number {
  bdp.begin(now);
  assert.equal(bdp.received(bytes), false, 'one sample at a time');
  return bdp.end(now + roundTripMs);
}

describe('BdpEstimator', () => {
  it('asks for a sample when a quarter of the window has come since the last one', () => {
    const bdp = new BdpEstimator(WINDOW);
    assert.equal(bdp.received(249), false);
    assert.equal(bdp.received(1), true);
    sample(bdp, 10, 0, 1);
    assert.equal(bdp.received(249), false);
    assert.equal(bdp.received(1), true);
  });

  it('doubles the window when two thirds of it come within one round trip', () => {
    assert.equal(sample(new BdpEstimator(WINDOW), 666, 0, 10), 0);
    assert.equal(sample(new BdpEstimator(WINDOW), 667, 0, 10), 2000);
  });

  it('goes by what came, when that is more than the window', () => {
    assert.equal(sample(new BdpEstimator(WINDOW), 3000, 0, 10), 6000);
  });

  it('grows the window only for a peer that was faster than ever before', () => {
    const bdp = new BdpEstimator(WINDOW);
    assert.equal(sample(bdp, 1000, 0, 10), 2000);
    assert.equal(sample(bdp, 2000, 100, 20), 0, 'twice as much in twice the time');
    assert.equal(sample(bdp, 2001, 200, 20), 4002);
  });

  it('does not take a round trip without a measurable time for infinitely fast', () => {
    const bdp = new BdpEstimator(WINDOW);
    assert.equal(sample(bdp, 1000, 5, 0), 2000);
    assert.equal(sample(bdp, 4000, 6, 0), 8000);
    assert.equal(sample(bdp, 8000, 7, -1), 16_000);
  });

  it('does not mind an answer to a PING that it has not asked for', () => {
    const bdp = new BdpEstimator(WINDOW);
    bdp.received(5000);
    assert.equal(bdp.end(10), 0);
    assert.equal(sample(bdp, 1000, 10, 10), 2000);
    assert.equal(bdp.end(11), 0);
  });

  it('stops at 16 MiB, and asks for no samples any more', () => {
    const bdp = new BdpEstimator(MAX_GROWN_WINDOW_BYTES - 1);
    assert.equal(bdp.received(MAX_GROWN_WINDOW_BYTES), true);
    assert.equal(sample(bdp, MAX_GROWN_WINDOW_BYTES * 3, 0, 1), MAX_GROWN_WINDOW_BYTES);
    assert.equal(bdp.received(MAX_GROWN_WINDOW_BYTES * 2), false);
  });

  it('only ever grows the window, to 16 MiB at most, for any samples', () => {
    const one = fc.record({
      bytes: fc.nat({ max: 2 ** 25 }),
      roundTripMs: fc.double({ min: 0, max: 500, noNaN: true }),
    });
    const property = fc.property(fc.integer({ min: 1, max: 2 ** 24 }), fc.array(one), (start, samples) => {
      const bdp = new BdpEstimator(start);
      let window = start;
      for (const { bytes, roundTripMs } of samples) {
        const next = sample(bdp, bytes, 0, roundTripMs);
        if (next === 0) continue;
        assert.ok(next >= window && next <= MAX_GROWN_WINDOW_BYTES);
        window = next;
      }
    });
    fc.assert(property);
  });
});
