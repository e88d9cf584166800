import type { ByteSink } from '@breakwater/codec';
import { FRAME_HEADER_BYTES, Flag, FrameType } from './frame.js';

/** Writes the nine bytes in front of a payload of known length. */
export function writeFrameHeader(sink: ByteSink, length: number, type: number, flags: number, streamId: number): void {
  sink.reserve(FRAME_HEADER_BYTES + length);
  putFrameHeader(sink.bytes, sink.pos, length, type, flags, streamId);
  sink.pos += FRAME_HEADER_BYTES;
}

/** Puts a frame header at `at`, where room has been left for it. */
export function putFrameHeader(
  bytes: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): void {
  bytes[at] = length >>> 16;
  bytes[at + 1] = length >>> 8;
  bytes[at + 2] = length;
  bytes[at + 3] = type;
  bytes[at + 4] = flags;
  bytes[at + 5] = streamId >>> 24;
  bytes[at + 6] = streamId >>> 16;
  bytes[at + 7] = streamId >>> 8;
  bytes[at + 8] = streamId;
}

/** Puts four bytes, big end first. */
export function putUint32(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

function append32(sink: ByteSink, value: number): void {
  putUint32(sink.bytes, sink.pos, value);
  sink.pos += 4;
}

export function writeReset(sink: ByteSink, streamId: number, code: number): void {
  writeFrameHeader(sink, 4, FrameType.rstStream, 0, streamId);
  append32(sink, code);
}

/** @param streamId 0 for the connection @param increment 1 to 2^31-1 */
export function writeWindowUpdate(sink: ByteSink, streamId: number, increment: number): void {
  writeFrameHeader(sink, 4, FrameType.windowUpdate, 0, streamId);
  append32(sink, increment);
}

/** @param payload eight bytes */
export function writePing(sink: ByteSink, ack: boolean, payload: Uint8Array): void {
  writeFrameHeader(sink, 8, FrameType.ping, ack ? Flag.ack : 0, 0);
  sink.bytes.set(payload, sink.pos);
  sink.pos += 8;
}

/** @param debug text for the people on the other side */
export function writeGoaway(sink: ByteSink, lastStreamId: number, code: number, debug: string): void {
  const text = Buffer.from(debug.slice(0, 256), 'utf8');
  writeFrameHeader(sink, 8 + text.length, FrameType.goaway, 0, 0);
  append32(sink, lastStreamId);
  append32(sink, code);
  sink.bytes.set(text, sink.pos);
  sink.pos += text.length;
}

/** @param settings pairs of `SettingId` and value */
export function writeSettings(sink: ByteSink, settings: readonly (readonly [id: number, value: number])[]): void {
  writeFrameHeader(sink, settings.length * 6, FrameType.settings, 0, 0);
  for (const [id, value] of settings) {
    sink.bytes[sink.pos] = id >>> 8;
    sink.bytes[sink.pos + 1] = id;
    sink.pos += 2;
    append32(sink, value);
  }
}

export const writeSettingsAck = (sink: ByteSink): void => writeFrameHeader(sink, 0, FrameType.settings, Flag.ack, 0);
