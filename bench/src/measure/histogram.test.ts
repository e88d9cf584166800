import assert from 'node:assert/strict';
import { Histogram } from './histogram.js';

describe('the histogram of durations', () => {
  it('gives percentiles within one per cent', () => {
    const histogram = new Histogram();
    for (let us = 1; us <= 10_000; us += 1) histogram.record(us);
    for (const part of [0.5, 0.99, 0.999]) {
      const wanted = 10_000 * part;
      assert.ok(Math.abs(histogram.percentile(part) - wanted) / wanted < 0.011, `p${part * 100}`);
    }
  });

  it('counts what lies outside of its range at its ends', () => {
    const histogram = new Histogram();
    histogram.record(0);
    histogram.record(1e12);
    assert.ok(histogram.percentile(0.5) < 0.11);
    assert.ok(histogram.percentile(1) > 1e8);
  });

  it('is empty after clear, and says 0 then', () => {
    const histogram = new Histogram();
    histogram.record(5);
    histogram.clear();
    assert.equal(histogram.percentile(0.5), 0);
  });
});
