import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { Code } from '@breakwater/core';
import { continuation, data, headers, rstStream } from '../frames.js';
import { message, OK_TRAILERS, responseFields } from '../grpc-bytes.js';
import { literal, literals, type Field } from '../literals.js';
import { answer, answering, expectAnswer, expectFailure, type Expected, type Stage } from './stage.js';

const { INTERNAL, PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNAUTHENTICATED, UNAVAILABLE, UNIMPLEMENTED, UNKNOWN } = Code;
const MAX_FRAME = 16_384;
const PAGE = Buffer.from('<html><body>It works!</body></html>');
/** The server gave a status, and no text with it. */
const ANYTHING = /^/;
/** How the server gets on with one stream. */
type Response = (stream: number) => Uint8Array;

/** @see grpc doc/http-grpc-status-mapping.md */
const HTTP: readonly (readonly [number, Code])[] = [
  [400, INTERNAL],
  [401, UNAUTHENTICATED],
  [403, PERMISSION_DENIED],
  [404, UNIMPLEMENTED],
  [429, UNAVAILABLE],
  [431, UNKNOWN],
  [500, UNKNOWN],
  [502, UNAVAILABLE],
  [503, UNAVAILABLE],
  [504, UNAVAILABLE],
  [302, UNKNOWN],
  [418, UNKNOWN],
];

const html = (status: number): readonly Field[] => [
  [':status', String(status)],
  ['content-type', 'text/html'],
];
const started = (stream: number, extra: readonly Field[] = []): Buffer =>
  headers(stream, literals(responseFields(extra)));
const ended = (stream: number, fields: readonly Field[] = OK_TRAILERS): Buffer =>
  headers(stream, literals(fields), { endStream: true });
/** In frames that are no larger than they may be. */
const content = (stream: number, bytes: Uint8Array): Buffer =>
  Buffer.concat(
    Array.from({ length: Math.ceil(bytes.length / MAX_FRAME) }, (_, index) =>
      data(stream, bytes.subarray(MAX_FRAME * index, MAX_FRAME * (index + 1))),
    ),
  );
/** A response of these DATA bytes and an OK. */
const body =
  (bytes: Uint8Array, extra: readonly Field[] = []): Response =>
  (stream) =>
    Buffer.concat([started(stream, extra), content(stream, bytes), ended(stream)]);
const trailersOnly =
  (...fields: readonly Field[]): Response =>
  (stream) =>
    headers(stream, literals(responseFields(fields)), { endStream: true });

/** Well-formed HTTP/2 that is no good gRPC; the connection goes on. */
const NOT_GRPC: readonly (readonly [what: string, response: Response, expected: Expected])[] = [
  [
    '200 and a page',
    (stream) => Buffer.concat([headers(stream, literals(html(200))), data(stream, PAGE, { endStream: true })]),
    { code: UNKNOWN, reason: 'PEER_NOT_GRPC', says: /text\/html, not gRPC/ },
  ],
  [
    '200 and a content-type of JSON',
    (stream) =>
      Buffer.concat([
        headers(
          stream,
          literals([
            [':status', '200'],
            ['content-type', 'application/json'],
          ]),
        ),
        data(stream, Buffer.from('{}'), { endStream: true }),
      ]),
    { code: UNKNOWN, reason: 'PEER_NOT_GRPC', says: /application\/json/ },
  ],
  [
    'a page that never ends',
    (stream) => Buffer.concat([headers(stream, literals(html(200))), data(stream, PAGE)]),
    { code: UNKNOWN, reason: 'PEER_NOT_GRPC' },
  ],
  [
    'no content-type',
    (stream) =>
      Buffer.concat([headers(stream, literals([[':status', '200']])), data(stream, PAGE, { endStream: true })]),
    { code: [UNKNOWN, INTERNAL] },
  ],
  [
    '204',
    (stream) => headers(stream, literals([[':status', '204']]), { endStream: true }),
    { code: UNKNOWN, says: /204/ },
  ],
  [
    'an HTTP status and a gRPC status: the latter counts',
    (stream) =>
      headers(
        stream,
        literals([
          [':status', '503'],
          ['content-type', 'application/grpc'],
          ['grpc-status', '7'],
        ]),
        { endStream: true },
      ),
    { code: PERMISSION_DENIED, says: ANYTHING },
  ],
  [
    'headers, and an end without trailers',
    (stream) => Buffer.concat([started(stream), data(stream, message('hello'), { endStream: true })]),
    { code: [UNKNOWN, INTERNAL, UNAVAILABLE] },
  ],
  ['headers that end everything, without a status', trailersOnly(), { code: [UNKNOWN, INTERNAL, UNAVAILABLE] }],
  [
    'trailers without a status',
    (stream) => Buffer.concat([started(stream), data(stream, message('hello')), ended(stream, [['x-end', '1']])]),
    { code: [UNKNOWN, INTERNAL] },
  ],
  ['a status that is no number', trailersOnly(['grpc-status', 'fine']), { code: UNKNOWN, says: ANYTHING }],
  ['an empty status', trailersOnly(['grpc-status', '']), { code: UNKNOWN }],
  ['a status of 17', trailersOnly(['grpc-status', '17']), { code: UNKNOWN, says: ANYTHING }],
  ['a status of -1', trailersOnly(['grpc-status', '-1']), { code: UNKNOWN, says: ANYTHING }],
  ['a status of 1e1', trailersOnly(['grpc-status', '1e1']), { code: UNKNOWN, says: ANYTHING }],
  ['OK without a message', trailersOnly(['grpc-status', '0']), { code: [UNIMPLEMENTED, INTERNAL] }],
  [
    'OK without a message, after headers',
    (stream) => Buffer.concat([started(stream), ended(stream)]),
    { code: [UNIMPLEMENTED, INTERNAL] },
  ],
  [
    'a text of broken percent-encoding',
    trailersOnly(['grpc-status', '5'], ['grpc-message', '100% sure %zz %E4']),
    { code: Code.NOT_FOUND, says: /100/ },
  ],
  [
    'status details that are no base64',
    trailersOnly(['grpc-status', '5'], ['grpc-status-details-bin', '!!!!']),
    { code: Code.NOT_FOUND, says: ANYTHING },
  ],
  [
    'status details that are no message',
    trailersOnly(['grpc-status', '5'], ['grpc-status-details-bin', '/////w']),
    { code: Code.NOT_FOUND, says: ANYTHING },
  ],
  [
    'two messages where there is to be one',
    body(Buffer.concat([message('one'), message('two')])),
    { code: [INTERNAL, UNIMPLEMENTED] },
  ],
  ['a message that is not complete', body(message('hello', 0, 100)), { code: [INTERNAL, Code.DATA_LOSS] }],
  ['half a prefix', body(message('hello').subarray(0, 3)), { code: [INTERNAL, UNIMPLEMENTED] }],
  ['a message and half a prefix', body(Buffer.concat([message('hello'), Buffer.from([0, 0])])), { code: INTERNAL }],
  ['a flag that means nothing', body(message('hello', 2)), { code: [INTERNAL, UNIMPLEMENTED] }],
  ['a compressed message without an encoding', body(message(gzipSync('hello'), 1)), { code: INTERNAL }],
  [
    'a compressed message whose encoding is identity',
    body(message('hello', 1), [['grpc-encoding', 'identity']]),
    { code: INTERNAL },
  ],
  [
    'an unknown encoding',
    body(message('hello', 1), [['grpc-encoding', 'snappy']]),
    { code: [INTERNAL, UNIMPLEMENTED], says: /snappy/ },
  ],
  ['gzip that is none', body(message('hello', 1), [['grpc-encoding', 'gzip']]), { code: INTERNAL }],
  [
    'gzip that ends too early',
    body(message(gzipSync('hello').subarray(0, 12), 1), [['grpc-encoding', 'gzip']]),
    { code: INTERNAL },
  ],
  [
    'a message over the limit',
    (stream) => Buffer.concat([started(stream), data(stream, message('', 0, 5 * 1024 * 1024))]),
    { code: RESOURCE_EXHAUSTED, reason: 'MESSAGE_TOO_LARGE', says: /5242880.*maxReceiveMessageBytes/ },
  ],
  [
    'a message that unpacks to ten times the limit',
    body(message(gzipSync(Buffer.alloc(40 * 1024 * 1024)), 1), [['grpc-encoding', 'gzip']]),
    { code: RESOURCE_EXHAUSTED, reason: 'MESSAGE_TOO_LARGE', says: /maxReceiveMessageBytes/ },
  ],
];

/** Unusual, and good. */
const GOOD: readonly (readonly [what: string, response: Response])[] = [
  [
    '100 and 103 in front of its headers',
    (stream) =>
      Buffer.concat([
        headers(stream, literals([[':status', '100']])),
        headers(
          stream,
          literals([
            [':status', '103'],
            ['link', '</x>'],
          ]),
        ),
        answer(stream),
      ]),
  ],
  [
    'a content-type of application/grpc+proto',
    (stream) =>
      Buffer.concat([
        headers(
          stream,
          literals([
            [':status', '200'],
            ['content-type', 'application/grpc+proto'],
          ]),
        ),
        data(stream, message('hello')),
        ended(stream),
      ]),
  ],
  [
    'a message in frames of one byte',
    (stream) =>
      Buffer.concat([
        started(stream),
        ...[...message('hello')].map((byte) => data(stream, Buffer.from([byte]))),
        ended(stream),
      ]),
  ],
  [
    'padding everywhere',
    (stream) =>
      Buffer.concat([
        headers(stream, literals(responseFields()), { padding: 3 }),
        data(stream, message('hello'), { padding: 255 }),
        data(stream, Buffer.alloc(0), { padding: 0 }),
        headers(stream, literals(OK_TRAILERS), { padding: 9, endStream: true }),
      ]),
  ],
  [
    'headers in pieces',
    (stream) =>
      Buffer.concat([
        headers(stream, literals(responseFields()).subarray(0, 5), { endHeaders: false }),
        continuation(stream, literals(responseFields()).subarray(5)),
        data(stream, message('hello')),
        ended(stream),
      ]),
  ],
  ['gzip for one that may have it', body(message(gzipSync('hello'), 1), [['grpc-encoding', 'gzip']])],
  ['a plain message where gzip was announced', body(message('hello'), [['grpc-encoding', 'gzip']])],
  [
    'the right content-length',
    (stream) =>
      Buffer.concat([started(stream, [['content-length', '10']]), data(stream, message('hello')), ended(stream)]),
  ],
];

/** Malformed while the stream is open: it is reset. @see RFC 9113, section 8.1.1 */
const MALFORMED: readonly (readonly [what: string, response: Response])[] = [
  ['DATA in front of its headers', (stream) => Buffer.concat([data(stream, message('hello')), ended(stream)])],
  [
    'no :status',
    (stream) =>
      Buffer.concat([
        headers(stream, literals([['content-type', 'application/grpc']])),
        data(stream, message('hello')),
        ended(stream),
      ]),
  ],
  [
    'two :status',
    (stream) =>
      Buffer.concat([
        headers(stream, literals([[':status', '200'], ...responseFields()])),
        data(stream, message('hello')),
        ended(stream),
      ]),
  ],
  [
    'a :status that is no number',
    (stream) =>
      Buffer.concat([
        headers(
          stream,
          literals([
            [':status', 'OK'],
            ['content-type', 'application/grpc'],
          ]),
        ),
        data(stream, message('hello')),
        ended(stream),
      ]),
  ],
  [
    'a :path',
    (stream) =>
      Buffer.concat([
        headers(stream, literals([[':path', '/'], ...responseFields()])),
        data(stream, message('hello')),
        ended(stream),
      ]),
  ],
  [
    'a :status after a regular field',
    (stream) =>
      Buffer.concat([
        headers(
          stream,
          literals([
            ['content-type', 'application/grpc'],
            [':status', '200'],
          ]),
        ),
        data(stream, message('hello')),
        ended(stream),
      ]),
  ],
  [
    'a name in upper case',
    (stream) => Buffer.concat([started(stream, [['X-Upper', '1']]), data(stream, message('hello')), ended(stream)]),
  ],
  [
    'transfer-encoding',
    (stream) =>
      Buffer.concat([
        started(stream, [['transfer-encoding', 'chunked']]),
        data(stream, message('hello')),
        ended(stream),
      ]),
  ],
  [
    'connection',
    (stream) =>
      Buffer.concat([started(stream, [['connection', 'close']]), data(stream, message('hello')), ended(stream)]),
  ],
  [
    'headers in the middle of its body',
    (stream) =>
      Buffer.concat([
        started(stream),
        data(stream, message('hello')),
        headers(stream, literals(OK_TRAILERS)),
        ended(stream),
      ]),
  ],
];

/** Malformed at the very end: there is no stream left to reset. */
const MALFORMED_END: readonly (readonly [what: string, response: Response])[] = [
  ['103 that ends everything', (stream) => headers(stream, literals([[':status', '103']]), { endStream: true })],
  [
    'a pseudo-header in its trailers',
    (stream) =>
      Buffer.concat([
        started(stream),
        data(stream, message('hello')),
        ended(stream, [[':status', '200'], ...OK_TRAILERS]),
      ]),
  ],
  [
    'a content-length that is too large',
    (stream) =>
      Buffer.concat([started(stream, [['content-length', '11']]), data(stream, message('hello')), ended(stream)]),
  ],
  [
    'a content-length that is too small',
    (stream) =>
      Buffer.concat([started(stream, [['content-length', '9']]), data(stream, message('hello')), ended(stream)]),
  ],
];

/** Responses that are none, or bad ones: the call ends with a status that says what came, its connection goes on. */
export function describeResponses(stage: () => Stage): void {
  /** Sends `response` to the first call and good answers to the others. */
  const first = async (response: Response) => {
    const server = await stage().listen(
      answering((peer, stream, count) => {
        if (count > 1) return peer.send(answer(stream));
        const bytes = response(stream);
        for (let at = 0; at < bytes.length; at += 50_000) peer.send(bytes.subarray(at, at + 50_000));
      }),
    );
    const connection = await stage().connect(server.port);
    return { server, connection, outcome: await stage().call(connection) };
  };
  const goesOn = async ({ server, connection }: Awaited<ReturnType<typeof first>>): Promise<void> => {
    expectAnswer(await stage().call(connection));
    assert.equal(server.peers.length, 1, 'the whole connection was given up');
  };

  for (const [status, code] of HTTP) {
    it(`HTTP status ${status} and a page`, async () => {
      const done = await first((stream) =>
        Buffer.concat([headers(stream, literals(html(status))), data(stream, PAGE, { endStream: true })]),
      );
      expectFailure(done.outcome, { code, reason: 'PEER_NOT_GRPC', says: new RegExp(`HTTP status ${status}`) });
      await goesOn(done);
    });
  }

  for (const [what, response, expected] of NOT_GRPC) {
    it(what, async () => {
      const done = await first(response);
      expectFailure(done.outcome, { sent: 'unknown', ...expected });
      await goesOn(done);
    });
  }

  for (const [what, response] of GOOD) {
    it(`${what}, which is good`, async () => {
      const done = await first(response);
      expectAnswer(done.outcome);
      await goesOn(done);
    });
  }

  for (const [what, response] of MALFORMED) {
    it(`${what}: malformed, so its stream is reset`, async () => {
      const done = await first(response);
      expectFailure(done.outcome, { code: [INTERNAL, UNKNOWN, UNAVAILABLE], sent: 'unknown' });
      await done.server.peers[0]?.expectReset(1, 'PROTOCOL_ERROR');
      await goesOn(done);
    });
  }

  for (const [what, response] of MALFORMED_END) {
    it(`${what}: malformed, so it is no response`, async () => {
      const done = await first(response);
      expectFailure(done.outcome, { code: [INTERNAL, UNKNOWN, UNAVAILABLE], sent: 'unknown' });
      await goesOn(done);
    });
  }

  it('a header list over the limit ends the call, and its fields are in the table all the same', async () => {
    const big = Array.from({ length: 20 }, (_, index) => literal([`x-${index}`, 'x'.repeat(1000)]));
    const done = await first((stream) => {
      const block = Buffer.concat([literals(responseFields()), ...big]);
      const pieces = [block.subarray(0, 16_000), block.subarray(16_000)] as const;
      return Buffer.concat([
        headers(stream, pieces[0], { endHeaders: false }),
        continuation(stream, pieces[1]),
        data(stream, message('hello')),
        ended(stream),
      ]);
    });
    expectFailure(done.outcome, { code: RESOURCE_EXHAUSTED, reason: 'MESSAGE_TOO_LARGE', says: /maxHeaderBytes/ });
    await goesOn(done);
  });

  it('frames of a call that the client has ended are no offence', async () => {
    const done = await first((stream) =>
      Buffer.concat([started(stream), data(stream, message('', 0, 5 * 1024 * 1024)), data(stream, PAGE)]),
    );
    expectFailure(done.outcome, { code: RESOURCE_EXHAUSTED });
    const peer = done.server.peers[0];
    await peer?.expectReset(1, 'CANCEL', 'NO_ERROR', 'PROTOCOL_ERROR');
    peer?.send(data(1, PAGE), data(1, PAGE), ended(1), rstStream(1, 'CANCEL'));
    await goesOn(done);
  });
}
