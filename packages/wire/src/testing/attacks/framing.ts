import {
  data,
  frame,
  goaway,
  headers,
  ping,
  priority,
  pushPromise,
  rstStream,
  settings,
  windowUpdate,
} from '../frames.js';
import { message, requestFields } from '../grpc-bytes.js';
import { literals } from '../literals.js';
import { COUNT, ECHO } from '../methods.js';
import { FLAG, TYPE } from '../numbers.js';
import { PREFACE } from '../raw-peer.js';
import { begin, call, type Arena } from './arena.js';
import { expectReaction, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, PROTOCOL_ERROR, type Reaction } from './reaction.js';

const bytes = (count: number): Buffer => Buffer.alloc(count);
/** The largest frame that a server takes by default. */
const MAX_FRAME = 16_384;
const BLOCK = literals(requestFields(ECHO.path));

/** What is wrong, the bytes, what is to happen, and the stream that it happens to. */
type Violation = readonly [what: string, bytes: Uint8Array, allowed: Reaction];

const either = (...codes: NonNullable<Reaction['goaway']>): Reaction => ({ goaway: codes, reset: codes });

/** Sent after `begin(1)`: stream 1 is open. @see RFC 9113, section 4.2 */
const SIZES: readonly Violation[] = [
  ['DATA over the frame size', data(1, bytes(MAX_FRAME + 1)), either('FRAME_SIZE_ERROR')],
  ['HEADERS over the frame size', headers(3, bytes(MAX_FRAME + 1)), FRAME_SIZE_ERROR],
  ['an unknown frame over the frame size', frame({ type: 0x99, payload: bytes(MAX_FRAME + 1) }), FRAME_SIZE_ERROR],
  ['the mere announcement of a frame of 16 MiB', frame({ type: TYPE.SETTINGS, length: 0xffffff }), FRAME_SIZE_ERROR],
  ['SETTINGS of 5 bytes', frame({ type: TYPE.SETTINGS, payload: bytes(5) }), FRAME_SIZE_ERROR],
  ['SETTINGS ACK with settings', frame({ type: TYPE.SETTINGS, flags: 1, payload: bytes(6) }), FRAME_SIZE_ERROR],
  ['PING of 7 bytes', frame({ type: TYPE.PING, payload: bytes(7) }), FRAME_SIZE_ERROR],
  ['PING of 9 bytes', frame({ type: TYPE.PING, payload: bytes(9) }), FRAME_SIZE_ERROR],
  ['RST_STREAM of 3 bytes', frame({ type: TYPE.RST_STREAM, stream: 1, payload: bytes(3) }), FRAME_SIZE_ERROR],
  ['WINDOW_UPDATE of 3 bytes', frame({ type: TYPE.WINDOW_UPDATE, payload: bytes(3) }), FRAME_SIZE_ERROR],
  ['GOAWAY of 7 bytes', frame({ type: TYPE.GOAWAY, payload: bytes(7) }), FRAME_SIZE_ERROR],
  ['PRIORITY of 4 bytes', frame({ type: TYPE.PRIORITY, stream: 1, payload: bytes(4) }), either('FRAME_SIZE_ERROR')],
  [
    'HEADERS too short for its priority',
    frame({ type: TYPE.HEADERS, flags: FLAG.PRIORITY | FLAG.END_HEADERS, stream: 3, payload: bytes(4) }),
    { goaway: ['FRAME_SIZE_ERROR', 'PROTOCOL_ERROR'] },
  ],
  [
    'padded DATA without a length of its padding',
    frame({ type: TYPE.DATA, flags: FLAG.PADDED, stream: 1 }),
    { goaway: ['FRAME_SIZE_ERROR', 'PROTOCOL_ERROR'] },
  ],
  [
    'DATA with more padding than frame',
    frame({ type: TYPE.DATA, flags: FLAG.PADDED, stream: 1, payload: Buffer.from([5, 0, 0, 0, 0]) }),
    PROTOCOL_ERROR,
  ],
  [
    'HEADERS with more padding than frame',
    frame({
      type: TYPE.HEADERS,
      flags: FLAG.PADDED | FLAG.END_HEADERS,
      stream: 3,
      payload: Buffer.concat([Buffer.from([255]), BLOCK]),
    }),
    PROTOCOL_ERROR,
  ],
];

/** @see RFC 9113, sections 5.1 and 6 */
const STREAMS: readonly Violation[] = [
  ['DATA on stream 0', data(0, bytes(1)), PROTOCOL_ERROR],
  ['HEADERS on stream 0', headers(0, BLOCK), PROTOCOL_ERROR],
  ['PRIORITY on stream 0', priority(0, { dependsOn: 1 }), PROTOCOL_ERROR],
  ['RST_STREAM on stream 0', rstStream(0), PROTOCOL_ERROR],
  ['CONTINUATION on stream 0', frame({ type: TYPE.CONTINUATION, flags: 4, payload: BLOCK }), PROTOCOL_ERROR],
  ['SETTINGS on a stream', frame({ type: TYPE.SETTINGS, stream: 1 }), PROTOCOL_ERROR],
  ['PING on a stream', frame({ type: TYPE.PING, stream: 1, payload: bytes(8) }), PROTOCOL_ERROR],
  ['GOAWAY on a stream', frame({ type: TYPE.GOAWAY, stream: 1, payload: bytes(8) }), PROTOCOL_ERROR],
  ['DATA on an idle stream', data(5, bytes(1)), PROTOCOL_ERROR],
  ['RST_STREAM on an idle stream', rstStream(5), PROTOCOL_ERROR],
  ['WINDOW_UPDATE on an idle stream', windowUpdate(5, 1), PROTOCOL_ERROR],
  ['CONTINUATION without HEADERS', frame({ type: TYPE.CONTINUATION, stream: 1, payload: BLOCK }), PROTOCOL_ERROR],
  ['a stream of the client with an even id', headers(2, BLOCK), PROTOCOL_ERROR],
  ['PUSH_PROMISE from a client', pushPromise(1, 2, BLOCK), PROTOCOL_ERROR],
  [
    'a stream id below the one before',
    Buffer.concat([begin(7, COUNT), begin(5, COUNT)]),
    { goaway: ['PROTOCOL_ERROR', 'STREAM_CLOSED'] },
  ],
  [
    'HEADERS in the middle of a request that do not end it',
    headers(1, literals([['x-more', '1']])),
    { goaway: ['PROTOCOL_ERROR'], reset: ['PROTOCOL_ERROR'] },
  ],
  [
    'DATA after the end of the request',
    Buffer.concat([data(1, bytes(0), { endStream: true }), data(1)]),
    either('STREAM_CLOSED'),
  ],
  [
    'HEADERS after the end of the request',
    Buffer.concat([data(1, bytes(0), { endStream: true }), headers(1, BLOCK, { endStream: true })]),
    either('STREAM_CLOSED', 'PROTOCOL_ERROR'),
  ],
  [
    'DATA on a stream that the client has reset',
    Buffer.concat([rstStream(1), data(1, bytes(1))]),
    either('STREAM_CLOSED'),
  ],
];

const unfinished = headers(3, BLOCK, { endHeaders: false });
/** Between HEADERS and CONTINUATION nothing else may come. @see RFC 9113, section 6.10 */
const INTERLEAVED: readonly Violation[] = (
  [
    ['DATA', data(1, bytes(1))],
    ['HEADERS of another stream', headers(5, BLOCK)],
    ['PRIORITY', priority(3, { dependsOn: 0 })],
    ['RST_STREAM of the same stream', rstStream(3)],
    ['SETTINGS', settings()],
    ['PING', ping()],
    ['GOAWAY', goaway(0)],
    ['WINDOW_UPDATE', windowUpdate(0, 1)],
    ['an unknown frame', frame({ type: 0x99, stream: 3 })],
    ['CONTINUATION of another stream', frame({ type: TYPE.CONTINUATION, stream: 1, flags: 4 })],
  ] as const
).map(([what, between]) => [
  `${what} in the middle of a header block`,
  Buffer.concat([unfinished, between]),
  PROTOCOL_ERROR,
]);

/** @see RFC 9113, section 6.5.2 */
const SETTINGS: readonly Violation[] = [
  ['ENABLE_PUSH of 2', settings(['ENABLE_PUSH', 2]), PROTOCOL_ERROR],
  ['INITIAL_WINDOW_SIZE of 2^31', settings(['INITIAL_WINDOW_SIZE', 2 ** 31]), FLOW_CONTROL_ERROR],
  ['MAX_FRAME_SIZE of 16,383', settings(['MAX_FRAME_SIZE', 16_383]), PROTOCOL_ERROR],
  ['MAX_FRAME_SIZE of 2^24', settings(['MAX_FRAME_SIZE', 2 ** 24]), PROTOCOL_ERROR],
];

/** Sent instead of a handshake. @see RFC 9113, section 3.4 */
const OPENINGS: readonly Violation[] = [
  ['a connection whose first frame is no SETTINGS', Buffer.concat([PREFACE, ping()]), PROTOCOL_ERROR],
  [
    'a connection whose first frame acknowledges SETTINGS',
    Buffer.concat([PREFACE, frame({ type: TYPE.SETTINGS, flags: FLAG.ACK })]),
    PROTOCOL_ERROR,
  ],
  ['a connection that begins with a call', Buffer.concat([PREFACE, call(1, ECHO)]), PROTOCOL_ERROR],
];

/** Frames that break the rules of HTTP/2: each ends its stream or its connection with the code that the RFC names. */
export function describeFraming(arena: () => Arena): void {
  for (const [what, wrong, allowed] of [...SIZES, ...STREAMS, ...INTERLEAVED, ...SETTINGS]) {
    it(what, async () => {
      const attacker = await arena().attacker();
      attacker.send(begin(1, COUNT));
      await attacker.roundTrip();
      attacker.send(wrong);
      await expectReaction(attacker, 1, allowed);
      await arena().survived(attacker);
    });
  }

  for (const [what, wrong, allowed] of OPENINGS) {
    it(what, async () => {
      const attacker = await arena().bare();
      attacker.send(wrong);
      await expectReaction(attacker, 1, allowed);
      await arena().survived();
    });
  }

  it('a stream over the limit of concurrent ones is refused, and nothing else', async () => {
    await arena().reopen({ limits: { maxConcurrentStreams: 2 } });
    const peer = await arena().attacker();
    peer.send(begin(1, COUNT), begin(3, COUNT), begin(5, COUNT));
    await peer.expectReset(5, 'REFUSED_STREAM');
    for (const stream of [1, 3]) {
      peer.send(data(stream, message('x'), { endStream: true }));
      const { trailers } = await peer.response(stream);
      if (trailers.get('grpc-status') !== '0') throw new Error(`stream ${stream} has failed`);
    }
    await expectReaction(peer, 5, { reset: ['REFUSED_STREAM'] });
    await arena().survived(peer);
  });
}
