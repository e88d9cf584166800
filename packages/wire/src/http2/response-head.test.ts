import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ResponseHead } from './response-head.js';
import { tell } from './testing/tell.js';

type Pair = readonly [name: string, value: string];

const read = (fields: readonly Pair[], maxBytes = 16_384): ResponseHead => tell(new ResponseHead(maxBytes), fields);
const problemOf = (...fields: readonly Pair[]): string | undefined => read(fields).problem;

describe('ResponseHead', () => {
  it('takes what the transport needs, and leaves the rest to the application, in order', () => {
    const head = read([
      [':status', '200'],
      ['content-type', 'application/grpc'],
      ['grpc-encoding', 'gzip'],
      ['grpc-accept-encoding', 'gzip'],
      ['accept-encoding', 'gzip'],
      ['date', 'today'],
      ['content-length', '0'],
      ['grpc-status', '13'],
      ['grpc-message', 'no'],
      ['grpc-status-details-bin', 'CAU'],
      ['x-a', '1'],
      ['x-b', '2'],
      ['x-a', '3'],
    ]);
    assert.equal(head.problem, undefined);
    const { status, contentType, encoding, grpcStatus, grpcMessage } = head;
    assert.deepEqual(
      [status, contentType, encoding, grpcStatus, grpcMessage],
      [200, 'application/grpc', 'gzip', '13', 'no'],
    );
    assert.deepEqual(head.entries, ['grpc-status-details-bin', 'CAU', 'x-a', '1', 'x-b', '2', 'x-a', '3']);
  });

  it('has nothing of the block before', () => {
    const head = read([
      [':status', '200'],
      ['grpc-status', '1'],
      ['grpc-message', 'x'],
      ['x-a', '1'],
      [':path', '/'],
    ]);
    assert.deepEqual(tell(head, []), tell(new ResponseHead(16_384), []));
  });

  it('takes a status of three digits, once, and in front', () => {
    for (const value of ['100', '200', '599', '999']) assert.equal(problemOf([':status', value]), undefined);
    for (const value of ['', '0', '20', '099', '2000', '-20', '2e2', 'OK '])
      assert.notEqual(problemOf([':status', value]), undefined, value);
    assert.equal(problemOf([':status', '200'], [':status', '200']), 'two pseudo headers :status');
    assert.equal(problemOf(['x', ''], [':status', '200']), 'the pseudo header :status after a regular one');
  });

  it('keeps the status of a server whose message ends in a space', () => {
    const head = read([
      ['grpc-status', '5'],
      ['grpc-message', 'no such order: '],
      ['x-a', ' b '],
    ]);
    assert.deepEqual([head.problem, head.grpcStatus, head.grpcMessage], [undefined, '5', 'no such order: ']);
    assert.deepEqual(head.entries, ['x-a', ' b ']);
  });

  it('is without status in trailers', () => {
    assert.equal(read([['grpc-status', '0']]).status, 0);
  });

  it('refuses what belongs into a request, or to HTTP/1.1', () => {
    for (const name of [':method', ':path', ':scheme', ':authority', ':protocol'])
      assert.equal(problemOf([':status', '200'], [name, 'x']), `the pseudo header ${name} in a response`);
    for (const name of ['connection', 'transfer-encoding'])
      assert.equal(problemOf([':status', '200'], [name, 'x']), `the header ${name}, which belongs to HTTP/1.1`);
  });

  it('refuses fields that no message may have', () => {
    assert.equal(problemOf([':status', '200'], ['X-A', '']), 'a header name with illegal characters: "X-A"');
    assert.equal(problemOf([':status', '200'], ['x-a', '\0']), 'an illegal character in the value of x-a');
  });

  it('counts the list as RFC 9113 does, and keeps nothing of what is over the limit', () => {
    const field = fc.tuple(fc.constantFrom('x-a', 'x-bc'), fc.string({ unit: fc.constantFrom('y'), maxLength: 60 }));
    const property = fc.property(fc.array(field), fc.nat({ max: 800 }), (fields, maxBytes) => {
      const head = read(fields, maxBytes);
      const bytes = fields.map(([name, value]) => name.length + value.length + 32);
      const total = bytes.reduce((sum, one) => sum + one, 0);
      assert.equal(head.listBytes, total);
      assert.equal(head.tooLarge, total > maxBytes);
      let room = maxBytes;
      const kept = fields.filter((_, index) => (room -= bytes[index] ?? 0) >= 0);
      assert.deepEqual(head.entries ?? [], kept.flat());
    });
    fc.assert(property);
  });
});
