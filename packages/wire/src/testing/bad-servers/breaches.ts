import assert from 'node:assert/strict';
import { Code, type Outcome } from '@breakwater/core';
import {
  continuation,
  data,
  frame,
  headers,
  ping,
  priority,
  pushPromise,
  rstStream,
  settings,
  windowUpdate,
} from '../frames.js';
import { message, responseFields } from '../grpc-bytes.js';
import { indexed, literals, remembered } from '../literals.js';
import { Cost } from '../memory.js';
import { MANY } from '../methods.js';
import { CODE, FLAG, SETTING, TYPE, type CodeName } from '../numbers.js';
import { MAX_WINDOW, type RawPeer } from '../raw-peer.js';
import { deferred } from '../until.js';
import { answer, answering, expectAnswer, expectFailure, requestOf, type Stage } from './stage.js';

const BEARABLE_BYTES = 32 * 1024 * 1024;
const bytes = (count: number): Buffer => Buffer.alloc(count);
const BLOCK = literals(responseFields());

/** Sent while the call on stream 1 waits. The whole connection ends with the code. */
const BREACHES: readonly (readonly [what: string, bytes: Uint8Array, ...codes: readonly CodeName[]])[] = [
  ['a frame over the frame size', frame({ type: TYPE.HEADERS, stream: 1, payload: bytes(16_385) }), 'FRAME_SIZE_ERROR'],
  [
    'the mere announcement of a frame of 16 MiB',
    frame({ type: TYPE.DATA, stream: 1, length: 0xffffff }),
    'FRAME_SIZE_ERROR',
  ],
  ['SETTINGS of five bytes', frame({ type: TYPE.SETTINGS, payload: bytes(5) }), 'FRAME_SIZE_ERROR'],
  [
    'SETTINGS ACK with settings',
    frame({ type: TYPE.SETTINGS, flags: FLAG.ACK, payload: bytes(6) }),
    'FRAME_SIZE_ERROR',
  ],
  ['PING of seven bytes', frame({ type: TYPE.PING, payload: bytes(7) }), 'FRAME_SIZE_ERROR'],
  ['RST_STREAM of three bytes', frame({ type: TYPE.RST_STREAM, stream: 1, payload: bytes(3) }), 'FRAME_SIZE_ERROR'],
  ['WINDOW_UPDATE of three bytes', frame({ type: TYPE.WINDOW_UPDATE, payload: bytes(3) }), 'FRAME_SIZE_ERROR'],
  ['GOAWAY of seven bytes', frame({ type: TYPE.GOAWAY, payload: bytes(7) }), 'FRAME_SIZE_ERROR'],
  ['a window of 2^31 in SETTINGS', settings(['INITIAL_WINDOW_SIZE', 2 ** 31]), 'FLOW_CONTROL_ERROR'],
  ['a frame size of 100 in SETTINGS', settings(['MAX_FRAME_SIZE', 100]), 'PROTOCOL_ERROR'],
  ['DATA on stream 0', data(0, bytes(1)), 'PROTOCOL_ERROR'],
  ['HEADERS on stream 0', headers(0, BLOCK), 'PROTOCOL_ERROR'],
  ['DATA on a stream that nobody has opened', data(99, bytes(1)), 'PROTOCOL_ERROR', 'STREAM_CLOSED'],
  ['HEADERS on a stream that nobody has opened', headers(99, BLOCK), 'PROTOCOL_ERROR', 'STREAM_CLOSED'],
  ['HEADERS on a stream of its own', headers(2, BLOCK), 'PROTOCOL_ERROR'],
  ['RST_STREAM of a stream that nobody has opened', rstStream(99), 'PROTOCOL_ERROR'],
  ['WINDOW_UPDATE of a stream that nobody has opened', windowUpdate(99, 1), 'PROTOCOL_ERROR'],
  [
    'PUSH_PROMISE, which was switched off',
    pushPromise(
      1,
      2,
      literals([
        [':method', 'GET'],
        [':scheme', 'http'],
        [':path', '/'],
        [':authority', 'x'],
      ]),
    ),
    'PROTOCOL_ERROR',
  ],
  ['CONTINUATION without HEADERS', continuation(1, BLOCK), 'PROTOCOL_ERROR'],
  [
    'PING in the middle of a header block',
    Buffer.concat([headers(1, BLOCK, { endHeaders: false }), ping()]),
    'PROTOCOL_ERROR',
  ],
  [
    'DATA with more padding than frame',
    frame({ type: TYPE.DATA, flags: FLAG.PADDED, stream: 1, payload: Buffer.from([9, 0]) }),
    'PROTOCOL_ERROR',
  ],
  ['a header block with an index to nothing', headers(1, indexed(99)), 'COMPRESSION_ERROR'],
  ['a header block that ends too early', headers(1, BLOCK.subarray(0, 10)), 'COMPRESSION_ERROR'],
  ['WINDOW_UPDATE that takes the connection over 2^31-1', windowUpdate(0, MAX_WINDOW), 'FLOW_CONTROL_ERROR'],
  ['WINDOW_UPDATE of 0 on the connection', windowUpdate(0, 0), 'PROTOCOL_ERROR'],
];

/** What a client does about them is its own affair, as long as it costs little and the call is over in the end. */
const FLOODS: readonly (readonly [what: string, chunk: Uint8Array])[] = [
  ['PING', ping()],
  ['SETTINGS', settings(['MAX_CONCURRENT_STREAMS', 100])],
  ['SETTINGS acknowledgements', frame({ type: TYPE.SETTINGS, flags: FLAG.ACK })],
  ['WINDOW_UPDATE', windowUpdate(0, 1)],
  ['PRIORITY', priority(1, { dependsOn: 0 })],
  ['unknown frames', frame({ type: 0xaa, payload: bytes(8) })],
  ['1xx headers', headers(1, literals([[':status', '103']]))],
];

/** Servers that break the rules of HTTP/2 in the middle of a call: it ends, the peer is told why, the next connection works. */
export function describeBreaches(stage: () => Stage): void {
  /** The first connection does something to its first call; what comes later is served. */
  const broken = async (act: (peer: RawPeer, stream: number) => unknown) => {
    const good = answering((peer, stream) => peer.send(answer(stream)));
    const server = await stage().listen(async (peer, index) => {
      if (index > 0) return void (await good(peer, index));
      await peer.handshake();
      await act(peer, await requestOf(peer));
    });
    const connection = await stage().connect(server.port);
    const outcome = await stage().call(connection);
    return { server, connection, outcome };
  };
  const expectLost = (outcome: Outcome, says: RegExp): void => {
    const status = expectFailure(outcome, { code: [Code.UNAVAILABLE, Code.INTERNAL], says, sent: 'unknown' });
    assert.match(status.details, /127\.0\.0\.1/, 'it does not say who');
  };

  for (const [what, wrong, ...codes] of BREACHES) {
    it(what, async () => {
      const { server, connection, outcome } = await broken((peer) => peer.send(wrong));
      expectLost(outcome, new RegExp(`${codes.join('|')}|HTTP/2`));
      await server.peers[0]?.expectGoaway(...codes);
      await stage().recovers(connection);
    });
  }

  it('WINDOW_UPDATE that takes a stream over 2^31-1 ends that stream only', async () => {
    const { server, outcome } = await broken((peer, stream) => peer.send(windowUpdate(stream, MAX_WINDOW)));
    expectFailure(outcome, { code: [Code.INTERNAL, Code.UNAVAILABLE], sent: 'unknown' });
    await server.peers[0]?.expectReset(1, 'FLOW_CONTROL_ERROR');
  });

  it('more DATA than the client has allowed', async () => {
    const cost = new Cost();
    const gate = deferred();
    const server = await stage().listen(async (peer) => {
      await peer.handshake();
      const stream = await requestOf(peer);
      peer.send(headers(stream, BLOCK));
      const piece = Buffer.concat(Array.from({ length: 10 }, () => data(stream, message('x'.repeat(1000)))));
      await peer.flood(piece, 5000);
      await peer.until('FLOW_CONTROL_ERROR', () => peer.frames.find(({ code }) => code === CODE.FLOW_CONTROL_ERROR));
      assert.ok(cost.heldBytes < BEARABLE_BYTES, `${cost.heldBytes} bytes are held`);
      gate.resolve();
    });
    const connection = await stage().connect(server.port);
    const responses = { headers: () => {}, message: () => gate.promise };
    const outcome = await stage().call(connection, MANY, { responses });
    expectFailure(outcome, { code: [Code.INTERNAL, Code.UNAVAILABLE, Code.RESOURCE_EXHAUSTED] });
  });

  it('a header block that never ends', async () => {
    const cost = new Cost();
    const { outcome } = await broken(async (peer, stream) => {
      peer.send(headers(stream, BLOCK, { endHeaders: false }));
      const piece = literals([['x-more', 'x'.repeat(10_000)]]);
      const sent = await peer.flood(continuation(stream, piece, false), 5000);
      assert.ok(sent < 5000, 'the client took 50 MB of headers');
    });
    expectFailure(outcome, { code: [Code.UNAVAILABLE, Code.INTERNAL, Code.RESOURCE_EXHAUSTED] });
    assert.ok(cost.heldBytes < BEARABLE_BYTES, `${cost.heldBytes} bytes are held`);
  });

  it('a header block that expands to hundreds of megabytes', async () => {
    const cost = new Cost();
    const { outcome } = await broken((peer, stream) => {
      const entry = Buffer.concat([BLOCK, remembered(['x', 'x'.repeat(4000)])]);
      peer.send(headers(stream, entry, { endHeaders: false }));
      const references = Buffer.alloc(16_384, indexed(62));
      for (let frames = 0; frames < 6; frames++) peer.send(continuation(stream, references, frames === 5));
    });
    expectFailure(outcome, { code: [Code.RESOURCE_EXHAUSTED, Code.UNAVAILABLE, Code.INTERNAL] });
    assert.ok(cost.heldBytes < BEARABLE_BYTES, `${cost.heldBytes} bytes are held`);
    assert.ok(cost.cpuMs < 5000, `it took ${cost.cpuMs} ms of CPU`);
  });

  for (const [what, one] of FLOODS) {
    it(`a flood of ${what}`, async () => {
      const cost = new Cost();
      const { outcome, connection } = await broken(async (peer, stream) => {
        await peer.flood(Buffer.concat(Array.from({ length: 50 }, () => one)), 400);
        peer.send(answer(stream));
      });
      if (outcome.ok) expectAnswer(outcome);
      else expectFailure(outcome, { code: [Code.UNAVAILABLE, Code.INTERNAL, Code.RESOURCE_EXHAUSTED] });
      assert.ok(cost.heldBytes < BEARABLE_BYTES, `${cost.heldBytes} bytes are held`);
      if (!outcome.ok) await stage().recovers(connection);
    });
  }

  it('the client has said from the start that it takes no push', async () => {
    const { server } = await broken((peer, stream) => peer.send(answer(stream)));
    const greeting = server.peers[0]?.frames.find(({ type }) => type === TYPE.SETTINGS);
    assert.equal(greeting?.settings?.get(SETTING.ENABLE_PUSH), 0);
  });
}
