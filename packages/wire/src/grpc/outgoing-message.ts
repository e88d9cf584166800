import type { MessageCodec } from '@breakwater/codec';
import type { Status } from '@breakwater/core';
import type { Compression } from '@breakwater/rpc';
import { encodeFailed, messageTooLarge, presentMessage, toBuffer } from '@breakwater/rpc/transport-kit';
import { FRAME_HEADER_BYTES, Flag, FrameType } from '../http2/frame.js';
import { putFrameHeader, putUint32 } from '../http2/frame-writer.js';
import type { Session } from '../http2/session.js';
import type { Stream } from '../http2/stream.js';
import { compress } from './compression.js';
import { PREFIX_BYTES } from './message-assembler.js';

/** How one side of a method turns messages into bytes, and what it may send. */
export interface MessageEncoding {
  /** Writes straight into the output, where the method has generated code. */
  readonly codec: MessageCodec | undefined;
  readonly encode: (message: unknown) => Uint8Array;
  /** Such as `the request of /shop.Orders/Place`. */
  readonly what: string;
  /** Option that limits it, as the person who reads the error knows it. */
  readonly limitName: string;
  readonly limitBytes: number;
}

const FRONT_BYTES = FRAME_HEADER_BYTES + PREFIX_BYTES;
/** Output of one tick that is worth a system call of its own, so that a stream in a loop does not grow it for ever. */
const FLUSH_FROM_BYTES = 48 * 1024;

/**
 * Sends one message. What fits windows, socket and one frame is encoded in place; everything else waits for its turn.
 * @param ends whether it is the last frame of this side
 * @returns a status when it cannot be encoded or is too large; nothing has been sent then
 */
export function sendMessage<S extends Stream>(
  session: Session<S>,
  stream: S,
  encoding: MessageEncoding,
  message: unknown,
  compression: Compression,
  ends: boolean,
): Status | undefined {
  const { out } = session;
  out.reserve(FRONT_BYTES + 512);
  const at = out.pos;
  out.pos = at + FRONT_BYTES;
  try {
    if (encoding.codec !== undefined && compression === 'identity')
      encoding.codec.encodeInto(presentMessage(message), out);
    else append(session, encoding.encode(message));
  } catch (error) {
    out.pos = at;
    return encodeFailed(encoding.what, error);
  }
  let size = out.pos - at - FRONT_BYTES;
  if (size > encoding.limitBytes) {
    out.pos = at;
    return messageTooLarge(encoding.what, size, encoding.limitName, encoding.limitBytes);
  }
  const compressed = compression !== 'identity';
  if (compressed) {
    const packed = compress(out.bytes.subarray(at + FRONT_BYTES, out.pos), compression);
    out.pos = at + FRONT_BYTES;
    append(session, packed);
    size = packed.length;
  }
  const { bytes } = out;
  bytes[at + FRAME_HEADER_BYTES] = compressed ? 1 : 0;
  putUint32(bytes, at + FRAME_HEADER_BYTES + 1, size);
  const payload = size + PREFIX_BYTES;
  if (session.canWrite(stream, payload)) {
    putFrameHeader(bytes, at, payload, FrameType.data, ends ? Flag.endStream : 0, stream.id);
    stream.sendWindow -= payload;
    session.sendWindow -= payload;
    session.onFrameSent();
    if (ends) session.localEnd(stream);
    if (out.pos >= FLUSH_FROM_BYTES) out.flush();
    else out.schedule();
    return undefined;
  }
  const waiting = Buffer.from(bytes.subarray(at + FRAME_HEADER_BYTES, at + FRAME_HEADER_BYTES + payload));
  out.pos = at;
  if (ends) stream.tail = 'end';
  session.enqueue(stream, waiting);
  return undefined;
}

function append(session: { readonly out: Session<Stream>['out'] }, encoded: Uint8Array): void {
  const { out } = session;
  out.reserve(encoded.length);
  toBuffer(encoded).copy(out.bytes, out.pos);
  out.pos += encoded.length;
}
