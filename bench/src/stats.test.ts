import assert from 'node:assert/strict';
import { estimate, median } from './stats.js';

describe('median and its confidence interval', () => {
  it('takes the middle of odd, the mean of the two middle of even numbers of values', () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
  });

  it('gives the ranks of the tables: 30 values are bounded by the 10th and the 21st', () => {
    const values = Array.from({ length: 30 }, (_, index) => index + 1);
    assert.deepEqual(estimate(values), { median: 15.5, low: 10, high: 21 });
  });

  it('gives the whole range for few values', () => {
    assert.deepEqual(estimate([5, 1, 3]), { median: 3, low: 1, high: 5 });
  });
});
