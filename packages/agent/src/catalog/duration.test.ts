import assert from 'node:assert/strict';
import { parseDuration } from './duration.js';

describe('parseDuration', () => {
  it('reads what Go writes', () => {
    const cases = {
      '10s': 10_000,
      '1m30s': 90_000,
      '250ms': 250,
      '1.5h': 5_400_000,
      '0': 0,
      '0s': 0,
      '-1s': -1_000,
      '5000000ns': 5,
      '10us': 0.01,
    };
    for (const [text, ms] of Object.entries(cases)) assert.equal(parseDuration(text), ms, text);
  });

  it('refuses what Go refuses', () => {
    for (const text of ['', '10', 's', '10 s', '1d', 'bogus', '1s2', '--1s'])
      assert.equal(parseDuration(text), undefined, text);
  });
});
