import assert from 'node:assert/strict';
import { MAX_TIMEOUT_MS } from '@breakwater/core';
import fc from 'fast-check';
import { formatTimeout, parseTimeout } from './timeout.js';

describe('grpc-timeout', () => {
  it('is read in every unit', () => {
    const read = ['2H', '2M', '2S', '2m', '2u', '2n'].map(parseTimeout);
    assert.deepEqual(read, [7_200_000, 120_000, 2000, 2, 0.002, 0.000_002]);
    assert.equal(parseTimeout('0n'), 0);
    assert.equal(parseTimeout('00000001S'), 1000);
  });

  it('is 24 hours at most', () => {
    for (const text of ['25H', '99999999H', '99999999M', '99999999S', '99999999m'])
      assert.equal(parseTimeout(text), MAX_TIMEOUT_MS, text);
    assert.equal(parseTimeout('99999999u'), 99_999.999);
  });

  it('is nothing when it is malformed', () => {
    for (const text of [
      '',
      '5',
      'S',
      '5s',
      '5 S',
      ' 5S',
      '5S ',
      '-5S',
      '+5S',
      '5.5S',
      '5SS',
      '123456789m',
      '5h',
      '٣S',
      '5S\n',
    ])
      assert.equal(parseTimeout(text), undefined, JSON.stringify(text));
  });

  it('is written in ms, rounded up, one at least and 24 hours at most', () => {
    const written = [0, -5, 0.001, 1, 1.001, 999.5, 86_400_000, 1e12, Number.POSITIVE_INFINITY].map(formatTimeout);
    assert.deepEqual(written, ['1m', '1m', '1m', '1m', '2m', '1000m', '86400000m', '86400000m', '86400000m']);
  });

  it('is never shorter where it is read than where it was written, and a ms longer at most', () => {
    const property = fc.property(fc.double({ min: 1, max: MAX_TIMEOUT_MS, noNaN: true }), (leftMs) => {
      const text = formatTimeout(leftMs);
      const read = parseTimeout(text) ?? Number.NaN;
      assert.ok(read >= leftMs && read <= leftMs + 1, text);
    });
    fc.assert(property, { numRuns: 500 });
  });
});
