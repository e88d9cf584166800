import { FRAME_HEADER_BYTES, Flag, FrameType } from './frame.js';
import { putFrameHeader } from './frame-writer.js';
import type { Output } from './output.js';

/** Begins a header block in the output. @returns where it begins, for `endHeaders` */
export function beginHeaders(out: Output): number {
  out.reserve(FRAME_HEADER_BYTES + 256);
  const at = out.pos;
  out.pos += FRAME_HEADER_BYTES;
  return at;
}

/** The block is complete: writes its frame header, and cuts a large one into CONTINUATION frames. @param at of `beginHeaders` */
export function endHeaders(out: Output, at: number, streamId: number, endStream: boolean, maxFrameBytes: number): void {
  const length = out.pos - at - FRAME_HEADER_BYTES;
  const ends = endStream ? Flag.endStream : 0;
  if (length <= maxFrameBytes) {
    putFrameHeader(out.bytes, at, length, FrameType.headers, ends | Flag.endHeaders, streamId);
    return;
  }
  const block = Buffer.from(out.bytes.subarray(at + FRAME_HEADER_BYTES, out.pos));
  out.pos = at;
  for (let from = 0; from < length; from += maxFrameBytes) {
    const to = Math.min(length, from + maxFrameBytes);
    const flags = (from === 0 ? ends : 0) | (to === length ? Flag.endHeaders : 0);
    out.reserve(FRAME_HEADER_BYTES + to - from);
    const type = from === 0 ? FrameType.headers : FrameType.continuation;
    putFrameHeader(out.bytes, out.pos, to - from, type, flags, streamId);
    out.pos += FRAME_HEADER_BYTES;
    block.copy(out.bytes, out.pos, from, to);
    out.pos += to - from;
  }
}
