import assert from 'node:assert/strict';
import { Metadata } from '@breakwater/core';
import fc from 'fast-check';
import { DO_NOT_RETRY, formatPushback, parsePushback, readPushback } from './pushback.js';

describe('pushback', () => {
  it('reads whole ms, and takes everything else for "do not retry"', () => {
    assert.equal(parsePushback('0'), 0);
    assert.equal(parsePushback('25'), 25);
    assert.equal(parsePushback('2147483647'), 2147483647);
    for (const text of [
      '-1',
      '',
      'abc',
      '1.5',
      ' 5',
      '5 ',
      '+5',
      '0x10',
      '1e3',
      '2147483648',
      '99999999999',
      'NaN',
      '٣',
    ]) {
      assert.equal(parsePushback(text), DO_NOT_RETRY, JSON.stringify(text));
    }
  });

  it('is absent when the trailer is, and "do not retry" when it comes twice', () => {
    assert.equal(readPushback(Metadata.EMPTY), undefined);
    assert.equal(readPushback(Metadata.EMPTY.with('grpc-retry-pushback-ms', '7')), 7);
    assert.equal(
      readPushback(Metadata.EMPTY.append('grpc-retry-pushback-ms', '7').append('grpc-retry-pushback-ms', '7')),
      DO_NOT_RETRY,
    );
  });

  it('comes back from the wire as what was meant, rounded up', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e12, max: 1e12, noNaN: true }), (ms) => {
        const read = parsePushback(formatPushback(ms));
        assert.equal(read, ms < 0 ? DO_NOT_RETRY : Math.min(Math.ceil(ms) + 0, 2 ** 31 - 1));
      }),
    );
  });
});
