import assert from 'node:assert/strict';
import {
  continuation,
  data,
  frame,
  goaway,
  headers,
  ping,
  priority,
  rstStream,
  settings,
  windowUpdate,
} from '../frames.js';
import { message, requestFields } from '../grpc-bytes.js';
import { literals } from '../literals.js';
import { COUNT, ECHO } from '../methods.js';
import { TYPE } from '../numbers.js';
import { begin, call, expectEcho, type Arena } from './arena.js';

const BLOCK = literals(requestFields(ECHO.path));
const BODY = data(1, message('hello'), { endStream: true });

/** Unusual, and legal: what is sent, in front of a call on stream 101 or as a call on stream 1. */
const FRAMES: readonly (readonly [string, Uint8Array])[] = [
  ['a frame of an unknown type on the connection', frame({ type: 0x16, payload: Buffer.from('content') })],
  ['a frame of an unknown type on an idle stream', frame({ type: 0xff, stream: 77, flags: 0xff })],
  ['an unknown setting', settings([0xf00d, 1], [0, 0])],
  ['the same setting twice', settings(['MAX_FRAME_SIZE', 20_000], ['MAX_FRAME_SIZE', 16_384])],
  ['flags that mean nothing', frame({ type: TYPE.PING, flags: 0xfe, payload: Buffer.alloc(8) })],
  ['the reserved bit', frame({ type: TYPE.PING, payload: Buffer.alloc(8), reserved: true })],
  ['the reserved bit of WINDOW_UPDATE', windowUpdate(0, 0x80000001)],
  ['PRIORITY on an idle stream', priority(99, { dependsOn: 1, weight: 256, exclusive: true })],
  ['a PING that answers none', ping(Buffer.from('whatever'), true)],
];

const CALLS: readonly (readonly [string, Uint8Array])[] = [
  [
    'padded HEADERS with priority',
    Buffer.concat([headers(1, BLOCK, { padding: 9, priority: { dependsOn: 0 } }), BODY]),
  ],
  [
    'a header block in four pieces, one of them empty',
    Buffer.concat([
      headers(1, BLOCK.subarray(0, 1), { endHeaders: false }),
      continuation(1, BLOCK.subarray(1, 30), false),
      continuation(1, Buffer.alloc(0), false),
      continuation(1, BLOCK.subarray(30)),
      BODY,
    ]),
  ],
  [
    'an end that has a frame of its own',
    Buffer.concat([headers(1, BLOCK), data(1, message('hello')), data(1, Buffer.alloc(0), { endStream: true })]),
  ],
  [
    'trailers of a request',
    Buffer.concat([
      headers(1, BLOCK),
      data(1, message('hello')),
      headers(1, literals([['x-end', '1']]), { endStream: true }),
    ]),
  ],
  [
    'padding around a message',
    Buffer.concat([headers(1, BLOCK), data(1, message('hello'), { endStream: true, padding: 200 })]),
  ],
  [
    'a message in pieces',
    Buffer.concat([
      headers(1, BLOCK),
      ...[...message('hello')].map((byte) => data(1, Buffer.from([byte]))),
      data(1, Buffer.alloc(0), { endStream: true }),
    ]),
  ],
];

/** What the RFC lets a peer do, however unusual: nothing happens, and calls are served. */
export function describeTolerated(arena: () => Arena): void {
  for (const [what, bytes] of FRAMES) {
    it(what, async () => {
      const peer = await arena().attacker();
      peer.send(bytes);
      await expectEcho(peer, 101);
      await arena().survived(peer);
    });
  }

  for (const [what, bytes] of CALLS) {
    it(what, async () => {
      const peer = await arena().attacker();
      peer.send(bytes);
      const { content, trailers } = await peer.response(1);
      assert.equal(trailers.get('grpc-status'), '0');
      assert.equal(content.subarray(5).toString(), 'hello');
      await arena().survived(peer);
    });
  }

  it('WINDOW_UPDATE, PRIORITY and RST_STREAM on a stream that has just ended', async () => {
    const peer = await arena().attacker();
    await expectEcho(peer, 1);
    peer.send(windowUpdate(1, 10), priority(1, { dependsOn: 0 }), rstStream(1, 'NO_ERROR'));
    await expectEcho(peer, 3);
    await arena().survived(peer);
  });

  it('the rest of an upload that the server has answered already', async () => {
    const peer = await arena().attacker();
    peer.send(begin(1, { ...COUNT, path: '/test.v1.Raw/Nothing' }));
    assert.equal((await peer.response(1)).trailers.get('grpc-status'), '12');
    // More than any window: what is thrown away has to be given back.
    for (let sent = 0; sent < 100; sent++) {
      await peer.deliver(data(1, Buffer.alloc(16_000)));
      if (sent % 40 === 39) await peer.expectFrame('WINDOW_UPDATE', ({ stream }) => stream === 0);
    }
    await expectEcho(peer, 3);
    await arena().survived(peer);
  });

  it('GOAWAY from a client: its calls end as they would have', async () => {
    const peer = await arena().attacker();
    peer.send(begin(1, COUNT), goaway(0, 'NO_ERROR', 'client is leaving'));
    await peer.deliver(data(1, message('last words'), { endStream: true }));
    assert.equal((await peer.response(1)).content.subarray(5).toString(), '1 messages, 10 bytes');
    await arena().survived(peer);
  });

  it('several calls in one write, and one in the same write as the preface', async () => {
    const peer = await arena().bare();
    peer.send(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), settings(), call(1, ECHO, 'one'), call(3, ECHO, 'two'));
    assert.equal((await peer.response(1)).content.subarray(5).toString(), 'one');
    assert.equal((await peer.response(3)).content.subarray(5).toString(), 'two');
    await arena().survived(peer);
  });
}
