import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { Code } from '@breakwater/core';
import { data, headers } from '../frames.js';
import { message, requestFields } from '../grpc-bytes.js';
import { literals, type Field } from '../literals.js';
import { COUNT, ECHO } from '../methods.js';
import { begin, type Arena } from './arena.js';
import { expectReaction, SERVED, type Reaction } from './reaction.js';

const { INTERNAL, INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNIMPLEMENTED, UNKNOWN } = Code;
const HELLO = message('hello');
const GZIP: readonly Field[] = [['grpc-encoding', 'gzip']];

const UNSUPPORTED: Reaction = { http: [415] };
/** The stream of messages is broken: no message of it may be made up. */
const BROKEN: Reaction = { grpc: [INTERNAL, INVALID_ARGUMENT, UNIMPLEMENTED, UNKNOWN] };
/** Whatever a server makes of it, but an answer. */
const ANSWERED: Reaction = {
  grpc: Object.values(Code).filter((code) => typeof code === 'number'),
  http: [400, 405, 415],
};

type Case = readonly [what: string, fields: readonly Field[], body: Uint8Array, allowed: Reaction];

const typed = (type: string): readonly Field[] => requestFields(ECHO.path, [['content-type', type]], ['content-type']);
const extra = (...fields: readonly Field[]): readonly Field[] => requestFields(ECHO.path, fields);

/** @see PROTOCOL-HTTP2.md of gRPC */
const HEADERS: readonly Case[] = [
  ['no content-type', requestFields(ECHO.path, [], ['content-type']), HELLO, UNSUPPORTED],
  ['a content-type of a form', typed('application/x-www-form-urlencoded'), HELLO, UNSUPPORTED],
  ['a content-type of gRPC-Web', typed('application/grpc-web+proto'), HELLO, UNSUPPORTED],
  ['a content-type that only begins like gRPC', typed('application/grpcx'), HELLO, UNSUPPORTED],
  ['application/grpc+proto', typed('application/grpc+proto'), HELLO, SERVED],
  ['application/grpc with a parameter', typed('application/grpc;charset=utf-8'), HELLO, SERVED],
  [
    'GET',
    requestFields(ECHO.path).map((field): Field => (field[0] === ':method' ? [':method', 'GET'] : field)),
    HELLO,
    { http: [405], grpc: [INTERNAL, UNIMPLEMENTED], reset: ['PROTOCOL_ERROR', 'REFUSED_STREAM'] },
  ],
  ['a method that is not there', requestFields('/test.v1.Raw/Nothing'), HELLO, { grpc: [UNIMPLEMENTED] }],
  ['a path of one slash', requestFields('/'), HELLO, { grpc: [UNIMPLEMENTED], http: [404] }],
  ['a path of many slashes', requestFields('//////'), HELLO, { grpc: [UNIMPLEMENTED], http: [404] }],
  [
    'a path that leads out of everything',
    requestFields('/../../etc/passwd'),
    HELLO,
    { grpc: [UNIMPLEMENTED], http: [404] },
  ],
  [
    'a path named like a property of every object',
    requestFields('/constructor/__proto__'),
    HELLO,
    { grpc: [UNIMPLEMENTED] },
  ],
  ['a path with a query', requestFields(`${ECHO.path}?x=1`), HELLO, { grpc: [UNIMPLEMENTED] }],
  [
    'a path of 4 KiB',
    requestFields(`/${'x'.repeat(4096)}`),
    HELLO,
    { grpc: [UNIMPLEMENTED, RESOURCE_EXHAUSTED], http: [404, 431] },
  ],
  ['binary metadata that is no base64', extra(['x-bin', '!!!!']), HELLO, ANSWERED],
  [
    'metadata of half a kilobyte, in every field',
    extra(...Array.from({ length: 10 }, (_, index): Field => [`x-${index}`, 'x'.repeat(500)])),
    HELLO,
    SERVED,
  ],
  ['metadata named __proto__', extra(['__proto__', 'x'], ['constructor', 'y']), HELLO, SERVED],
  ['an unknown grpc-encoding', extra(['grpc-encoding', 'snappy']), message('hello', 1), { grpc: [UNIMPLEMENTED] }],
  ['a time-out in the past', extra(['grpc-timeout', '0n']), HELLO, ANSWERED],
  ['a time-out of 99,999,999 hours', extra(['grpc-timeout', '99999999H']), HELLO, SERVED],
  ...['abc', '', 'S', '-1S', '1.5S', '1', '1x', '123456789S', '1S1S', '\u00ff'].map(
    (timeout): Case => [`a time-out of ${JSON.stringify(timeout)}`, extra(['grpc-timeout', timeout]), HELLO, ANSWERED],
  ),
];

const MESSAGES: readonly Case[] = [
  ['no message', extra(), Buffer.alloc(0), BROKEN],
  ['two messages where there is to be one', extra(), Buffer.concat([HELLO, HELLO]), BROKEN],
  ['a message without its last byte', extra(), HELLO.subarray(0, -1), BROKEN],
  ['a message without its first', extra(), message('hello', 0, 100), BROKEN],
  ['half a prefix', extra(), HELLO.subarray(0, 3), BROKEN],
  ['half a prefix after a message', extra(), Buffer.concat([HELLO, HELLO.subarray(0, 3)]), BROKEN],
  ['a flag that means nothing', extra(), message('hello', 2), BROKEN],
  ['a compressed message without an encoding', extra(), message(gzipSync('hello'), 1), BROKEN],
  [
    'a compressed message whose encoding is identity',
    extra(['grpc-encoding', 'identity']),
    message('hello', 1),
    BROKEN,
  ],
  ['gzip that is none', extra(...GZIP), message('hello', 1), BROKEN],
  ['gzip that ends too early', extra(...GZIP), message(gzipSync('hello'.repeat(100)).subarray(0, 20), 1), BROKEN],
  [
    'gzip with something after it',
    extra(...GZIP),
    message(Buffer.concat([gzipSync('hello'), Buffer.from('rest')]), 1),
    ANSWERED,
  ],
  ['an empty message that says it is compressed', extra(...GZIP), message('', 1), ANSWERED],
  ['gzip', extra(...GZIP), message(gzipSync('hello'), 1), SERVED],
  ['a plain message where gzip was announced', extra(...GZIP), HELLO, SERVED],
  ['a message over the limit, announced only', extra(), message('', 0, 0xffffffff), { grpc: [RESOURCE_EXHAUSTED] }],
];

/** Well-formed HTTP/2 that is not well-formed gRPC: the call ends with a status, its connection goes on. */
export function describeGrpcRequests(arena: () => Arena): void {
  for (const [what, fields, body, allowed] of [...HEADERS, ...MESSAGES]) {
    it(what, async () => {
      const peer = await arena().attacker();
      const pieces = Array.from({ length: Math.ceil(body.length / 16_384) }, (_, index) =>
        data(1, body.subarray(16_384 * index, 16_384 * (index + 1))),
      );
      peer.send(headers(1, literals(fields)));
      for (const piece of pieces) await peer.deliver(piece);
      peer.send(data(1, Buffer.alloc(0), { endStream: true }));
      await expectReaction(peer, 1, allowed);
      await arena().survived(peer);
    });
  }

  it('a message over the limit is refused when it is announced, not when it is there', async () => {
    const peer = await arena().attacker();
    peer.send(begin(1, ECHO), data(1, message('', 0, 5 * 1024 * 1024)));
    await expectReaction(peer, 1, { grpc: [RESOURCE_EXHAUSTED] });
    await arena().survived(peer);
  });

  it('a message that unpacks to ten times the limit', async () => {
    const peer = await arena().attacker();
    peer.send(begin(1, ECHO, GZIP));
    const bomb = message(gzipSync(Buffer.alloc(40 * 1024 * 1024)), 1);
    for (let at = 0; at < bomb.length; at += 16_384) await peer.deliver(data(1, bomb.subarray(at, at + 16_384)));
    peer.send(data(1, Buffer.alloc(0), { endStream: true }));
    await expectReaction(peer, 1, { grpc: [RESOURCE_EXHAUSTED] });
    await arena().survived(peer);
  });

  it('messages over the limit, announced on a hundred streams, hold no memory', async () => {
    const peer = await arena().attacker();
    for (let stream = 1; stream < 200; stream += 2)
      peer.send(begin(stream, COUNT), data(stream, message('x', 0, 4 * 1024 * 1024)));
    await peer.roundTrip();
    arena().bearable();
    await arena().survived(peer);
  });

  it('a broken message in a stream of good ones: the good ones arrive, and then an error', async () => {
    const peer = await arena().attacker();
    peer.send(begin(1, COUNT), data(1, message('one')), data(1, message('two')), data(1, message('three', 7)));
    await expectReaction(peer, 1, { grpc: [INTERNAL, UNIMPLEMENTED, Code.CANCELLED] });
    assert.ok(arena().handlers.read <= 3);
    await arena().survived(peer);
  });
}
