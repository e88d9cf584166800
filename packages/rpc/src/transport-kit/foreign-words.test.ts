import assert from 'node:assert/strict';
import { saysUnknownMethod, tooLargeInWords } from './foreign-words.js';

describe('the words of other implementations', () => {
  it('a message that was too large is recognised, whoever says so', () => {
    for (const words of [
      'Received message larger than max (101 vs 100)',
      'Received message larger than max (101 vs. 100)',
      'SERVER: Received message larger than max (101 vs. 100)',
      'grpc: received message larger than max (101 vs. 100)',
      'gRPC message exceeds maximum size 100: 101',
    ]) {
      assert.equal(tooLargeInWords(words, 'it takes'), 'a message of 101 bytes is over the 100 bytes that it takes');
    }
  });

  it('so is one that only its compression made small', () => {
    for (const words of [
      'Received message that decompresses to a size larger than 100',
      'grpc: received message after decompression larger than max 100',
      'grpc: received message after decompression larger than max (101 vs. 100)',
      'Decompressed gRPC message exceeds maximum size 100',
    ]) {
      assert.equal(
        tooLargeInWords(words, 'it takes'),
        'a message decompresses to more than the 100 bytes that it takes',
      );
    }
  });

  it('a quota of the application is none of this', () => {
    assert.equal(tooLargeInWords('quota: Received message larger than max (101 vs 100)', 'it takes'), undefined);
    assert.equal(tooLargeInWords('', 'it takes'), undefined);
  });

  it('a method that is not there is told from one that only says UNIMPLEMENTED', () => {
    assert.ok(saysUnknownMethod('The server does not implement the method /a.B/C'));
    assert.ok(saysUnknownMethod('unknown service a.B'));
    assert.ok(saysUnknownMethod('unknown method C for service a.B'));
    assert.ok(saysUnknownMethod('Method not found: a.B/C'));
    assert.ok(!saysUnknownMethod('this part of the method comes next year'));
  });
});
