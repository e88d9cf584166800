import assert from 'node:assert/strict';
import fc from 'fast-check';
import { HeaderField } from '../hpack/header-field.js';
import { RequestHead } from './request-head.js';
import { tell } from './testing/tell.js';

type Pair = readonly [name: string, value: string];

const PSEUDO: readonly Pair[] = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/shop.Orders/Place'],
  [':authority', 'shop:443'],
];
const read = (fields: readonly Pair[], maxBytes = 16_384): RequestHead => tell(new RequestHead(maxBytes), fields);
const problemOf = (...more: readonly Pair[]): string | undefined => read([...PSEUDO, ...more]).requestProblem();
const without = (name: string): readonly Pair[] => PSEUDO.filter(([one]) => one !== name);

describe('RequestHead', () => {
  it('takes what the transport needs, and leaves the rest to the application, in order', () => {
    const head = read([
      ...PSEUDO,
      ['te', 'trailers'],
      ['content-type', 'application/grpc+proto'],
      ['grpc-timeout', '5S'],
      ['grpc-encoding', 'gzip'],
      ['grpc-accept-encoding', 'gzip'],
      ['accept-encoding', 'gzip'],
      ['content-length', '5'],
      ['user-agent', 'grpc-go/1.70'],
      ['x-a', '1'],
      ['x-b', '2'],
      ['x-a', '3'],
    ]);
    assert.equal(head.requestProblem(), undefined);
    const { method, scheme, path, authority, contentType, timeout, encoding, contentLength } = head;
    assert.deepEqual([method, scheme, path, authority], ['POST', 'http', '/shop.Orders/Place', 'shop:443']);
    assert.deepEqual([contentType, timeout, encoding, contentLength], ['application/grpc+proto', '5S', 'gzip', 5]);
    assert.deepEqual(head.entries, ['user-agent', 'grpc-go/1.70', 'x-a', '1', 'x-b', '2', 'x-a', '3']);
  });

  it('puts every field into its own place, and into no other', () => {
    const places: readonly (readonly [string, string, Partial<RequestHead>])[] = [
      ['content-type', 'a', { contentType: 'a' }],
      ['te', 'trailers', {}],
      ['grpc-timeout', 'a', { timeout: 'a' }],
      ['grpc-encoding', 'a', { encoding: 'a' }],
      ['content-length', '0', { contentLength: 0 }],
      ['grpc-accept-encoding', 'a', {}],
      ['accept-encoding', 'a', {}],
      ['host', 'a', { entries: ['host', 'a'] }],
    ];
    for (const [name, value, expected] of places) {
      const { contentType, timeout, encoding, contentLength, entries, problem } = read([[name, value]]);
      assert.deepEqual(
        { contentType, timeout, encoding, contentLength, entries, problem },
        {
          contentType: '',
          timeout: '',
          encoding: '',
          contentLength: -1,
          entries: undefined,
          problem: undefined,
          ...expected,
        },
        name,
      );
    }
  });

  it('has nothing of the block before', () => {
    const regular = ['x-a', 'te', 'grpc-timeout', 'grpc-encoding', 'content-type', 'content-length'];
    const head = tell(new RequestHead(200), [
      ...PSEUDO,
      [':path', '/', new HeaderField(':path', '/')],
      ...regular.map((name): Pair => [name, '5']),
    ]);
    assert.deepEqual(tell(head, []), tell(new RequestHead(200), []));
  });

  it('wants method, scheme and path, but no authority', () => {
    for (const name of [':method', ':scheme', ':path'])
      assert.equal(read(without(name)).requestProblem(), 'a request without :method, :scheme or :path');
    assert.equal(read(without(':authority')).requestProblem(), undefined);
    assert.equal(read([]).requestProblem(), 'a request without :method, :scheme or :path');
    assert.equal(read([...without(':path'), [':path', '']]).requestProblem(), 'an empty :path');
    assert.equal(
      read([
        [':method', 'CONNECT'],
        [':authority', 'shop:443'],
      ]).requestProblem(),
      undefined,
    );
  });

  it('refuses pseudo headers that come twice, late, or in no request', () => {
    for (const [name, value] of PSEUDO) {
      assert.equal(problemOf([name, value]), `two pseudo headers ${name}`);
      assert.equal(read([['x', ''], ...PSEUDO]).requestProblem(), 'the pseudo header :method after a regular one');
    }
    assert.equal(problemOf([':status', '200']), 'the pseudo header :status');
    assert.equal(problemOf([':protocol', 'websocket']), 'the pseudo header :protocol');
  });

  it('refuses what belongs to a connection of HTTP/1.1', () => {
    for (const name of ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'])
      assert.equal(problemOf([name, 'x']), `the header ${name}, which belongs to HTTP/1.1`);
    assert.equal(problemOf(['te', 'gzip']), 'the header te with another value than trailers');
  });

  it('refuses a content-length that is no number, or two that differ', () => {
    const wrong = 'a content-length that is none, or two of them';
    for (const value of ['', '-1', '1.5', 'x', '1 ', '0x10', '1'.repeat(16)])
      assert.notEqual(problemOf(['content-length', value]), undefined, value);
    assert.equal(problemOf(['content-length', '5'], ['content-length', '6']), wrong);
    assert.equal(problemOf(['content-length', '5'], ['content-length', '5']), undefined);
    assert.equal(problemOf(['content-length', '0'], ['content-length', '5']), wrong);
    assert.equal(problemOf(['content-length', '0']), undefined);
  });

  it('remembers the first problem, and one of any field', () => {
    assert.equal(problemOf(['X-A', '1'], ['x-b', '\n']), 'a header name with illegal characters: "X-A"');
    assert.equal(problemOf(['x-b', '\n']), 'an illegal character in the value of x-b');
    const bad: Pair = ['X-A', '1'];
    for (const later of [
      [':status', '200'],
      ['upgrade', ''],
      ['te', 'gzip'],
      ['content-length', 'x'],
      [':method', 'GET'],
    ] as const)
      assert.match(problemOf(bad, later) ?? '', /"X-A"/);
  });

  it('knows whether there were pseudo headers, as there must be none in trailers', () => {
    assert.equal(read([['x-a', '1']]).hasPseudo, false);
    for (const field of PSEUDO) assert.equal(read([field]).hasPseudo, true);
  });

  it('has the table entry that the path came from', () => {
    const field = new HeaderField(':path', '/a');
    const head = tell(new RequestHead(1000), [[':path', '/a', field]]);
    assert.equal(head.pathField, field);
    assert.equal(tell(head, [[':path', '/a']]).pathField, undefined);
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

  it('is not too large at its limit', () => {
    assert.equal(read([['x', 'abc']], 36).tooLarge, false);
    assert.equal(read([['x', 'abc']], 35).tooLarge, true);
  });

  it('knows a gRPC request whose metadata is too large, wherever in the list the content-type is', () => {
    const metadata: Pair = ['x-large', 'y'.repeat(500)];
    const contentType: Pair = ['content-type', 'application/grpc'];
    for (const fields of [
      [...PSEUDO, contentType, metadata],
      [...PSEUDO, metadata, contentType],
      [[':method', 'POST'], [':path', `/${'y'.repeat(500)}`], [':scheme', 'http'], contentType] as const,
    ]) {
      const head = read(fields, 400);
      assert.equal(head.tooLarge, true);
      assert.equal(head.requestProblem(), undefined);
      assert.equal(head.contentType, 'application/grpc');
    }
  });
});
