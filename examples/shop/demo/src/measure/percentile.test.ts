import assert from 'node:assert/strict';
import { percentile } from './percentile.js';

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);

  it('is the value that so many samples do not exceed', () => {
    assert.equal(percentile(hundred, 0.5), 50);
    assert.equal(percentile(hundred, 0.99), 99);
    assert.equal(percentile(hundred, 1), 100);
    assert.equal(percentile(hundred, 0), 1);
  });

  it('is the largest of a few samples, and unknown without any', () => {
    assert.equal(percentile([3, 1, 2], 0.99), 3);
    assert.equal(percentile([], 0.99), undefined);
  });

  it('leaves the samples as they were', () => {
    const samples = [3, 1, 2];
    percentile(samples, 0.5);
    assert.deepEqual(samples, [3, 1, 2]);
  });
});
