import assert from 'node:assert/strict';
import { Code, codeName, toCode } from '@breakwater/core';
import { CODE, nameIn, TYPE, type CodeName } from '../numbers.js';
import { valueOf, type RawPeer } from '../raw-peer.js';
import { expectEcho } from './arena.js';

/** What a server may do about something; several: any of them. */
export interface Reaction {
  /** The connection ends, with one of these codes. */
  readonly goaway?: readonly CodeName[];
  /** The stream ends with one of these, and the connection goes on. */
  readonly reset?: readonly CodeName[];
  /** The call ends with one of these gRPC codes, and the connection goes on. */
  readonly grpc?: readonly Code[];
  /** The call ends with one of these HTTP statuses and no gRPC status, and the connection goes on. */
  readonly http?: readonly number[];
}

export const PROTOCOL_ERROR: Reaction = { goaway: ['PROTOCOL_ERROR'] };
export const FRAME_SIZE_ERROR: Reaction = { goaway: ['FRAME_SIZE_ERROR'] };
export const FLOW_CONTROL_ERROR: Reaction = { goaway: ['FLOW_CONTROL_ERROR'] };
export const COMPRESSION_ERROR: Reaction = { goaway: ['COMPRESSION_ERROR'] };
export const CALM: Reaction = { goaway: ['ENHANCE_YOUR_CALM'] };
/** A malformed message. @see RFC 9113, section 8.1.1 */
export const MALFORMED: Reaction = { reset: ['PROTOCOL_ERROR'] };
export const SERVED: Reaction = { grpc: [Code.OK] };

/** What was done, in the words of `describeReaction`. */
function seen(peer: RawPeer, stream: number): string | undefined {
  for (const frame of peer.frames) {
    if (frame.type === TYPE.GOAWAY && frame.code !== CODE.NO_ERROR) return `GOAWAY ${nameIn(CODE, frame.code ?? 0)}`;
    if (frame.stream !== stream) continue;
    if (frame.type === TYPE.RST_STREAM) return `RST_STREAM ${nameIn(CODE, frame.code ?? 0)}`;
    const http = valueOf(frame.fields, ':status');
    const grpc = valueOf(frame.fields, 'grpc-status');
    if (grpc !== undefined) return `grpc-status ${codeName(toCode(Number(grpc)))}`;
    if (http !== undefined && http !== '200') return `HTTP status ${http}`;
  }
  return undefined;
}

const describeReaction = ({ goaway = [], reset = [], grpc = [], http = [] }: Reaction): readonly string[] => [
  ...goaway.map((code) => `GOAWAY ${code}`),
  ...reset.map((code) => `RST_STREAM ${code}`),
  ...grpc.map((code) => `grpc-status ${codeName(code)}`),
  ...http.map((status) => `HTTP status ${status}`),
];

/**
 * Waits for what the server does about `stream` or the whole connection. A connection that is to go on is used for one more
 * call, on stream `next`.
 */
export async function expectReaction(peer: RawPeer, stream: number, allowed: Reaction, next = 101): Promise<void> {
  const expected = describeReaction(allowed);
  const done = await peer.until(expected.join(' or '), () => seen(peer, stream));
  assert.ok(expected.includes(done), `the server reacts with ${done}, not with ${expected.join(' or ')}`);
  if (done.startsWith('GOAWAY')) await peer.expectClosed();
  else await expectEcho(peer, next);
}
