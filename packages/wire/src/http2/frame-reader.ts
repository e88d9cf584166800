import { ConnectionError, ErrorCode } from './error-code.js';
import { DEFAULT_MAX_FRAME_BYTES, FRAME_HEADER_BYTES, FrameType } from './frame.js';

/** Takes whole frames. `bytes[start, end)` is the payload; the memory belongs to nobody else and is never written again. */
export interface FrameSink {
  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void;
  /** True when the connection has ended meanwhile: what follows in the chunk is not read. */
  readonly ended: boolean;
}

/**
 * Cuts a byte stream into frames, however it is chunked. Frames that lie in one chunk are handed on in place; one that
 * straddles chunks is put together in a buffer of exactly its size, which is at most 16 KiB.
 */
export class FrameReader {
  /** The frame that has begun in an earlier chunk: its header, or all of it once its length is known. */
  private partial: Buffer | undefined;
  private filled = 0;

  constructor(private readonly maxFrameBytes = DEFAULT_MAX_FRAME_BYTES) {}

  /** A frame that is no payload has begun and not ended: no honest peer takes its time over one. */
  get waitsForHead(): boolean {
    const { partial } = this;
    return partial !== undefined && (this.filled < FRAME_HEADER_BYTES || partial[3] !== FrameType.data);
  }

  /** @throws ConnectionError FRAME_SIZE_ERROR, and what the sink throws */
  feed(chunk: Buffer, sink: FrameSink): void {
    let at = this.partial === undefined ? 0 : this.complete(chunk, sink);
    const { length } = chunk;
    while (length - at >= FRAME_HEADER_BYTES && !sink.ended) {
      const end = at + FRAME_HEADER_BYTES + this.lengthAt(chunk, at);
      if (end > length) break;
      dispatch(chunk, at, end, sink);
      at = end;
    }
    if (at < length && !sink.ended) this.keep(chunk, at);
  }

  /** Takes from `chunk` what the partial frame lacks. @returns where the next frame begins */
  private complete(chunk: Buffer, sink: FrameSink): number {
    let at = 0;
    while (this.partial !== undefined && at < chunk.length) {
      const { partial } = this;
      const taken = Math.min(partial.length - this.filled, chunk.length - at);
      chunk.copy(partial, this.filled, at, at + taken);
      at += taken;
      this.filled += taken;
      if (this.filled < partial.length) break;
      if (partial.length === FRAME_HEADER_BYTES && this.lengthAt(partial, 0) > 0) this.extend(partial);
      else {
        this.partial = undefined;
        dispatch(partial, 0, partial.length, sink);
      }
    }
    return at;
  }

  /** The header is complete: from here on the frame has a size. */
  private extend(header: Buffer): void {
    const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + this.lengthAt(header, 0));
    header.copy(frame);
    this.partial = frame;
  }

  private keep(chunk: Buffer, at: number): void {
    const left = chunk.length - at;
    const known = left >= FRAME_HEADER_BYTES;
    const partial = Buffer.allocUnsafe(known ? FRAME_HEADER_BYTES + this.lengthAt(chunk, at) : FRAME_HEADER_BYTES);
    chunk.copy(partial, 0, at);
    this.partial = partial;
    this.filled = left;
  }

  private lengthAt(bytes: Buffer, at: number): number {
    const length = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
    if (length > this.maxFrameBytes) {
      throw new ConnectionError(
        ErrorCode.frameSizeError,
        `a frame of ${length} bytes is over the ${this.maxFrameBytes} that were announced`,
      );
    }
    return length;
  }
}

function dispatch(bytes: Buffer, at: number, end: number, sink: FrameSink): void {
  const streamId = readUint31(bytes, at + 5);
  sink.onFrame(bytes[at + 3] as number, bytes[at + 4] as number, streamId, bytes, at + FRAME_HEADER_BYTES, end);
}

/** Four bytes without the reserved bit. */
export const readUint31 = (bytes: Buffer, at: number): number =>
  (((bytes[at] as number) & 0x7f) << 24) |
  ((bytes[at + 1] as number) << 16) |
  ((bytes[at + 2] as number) << 8) |
  (bytes[at + 3] as number);

/** Four bytes, unsigned. */
export const readUint32 = (bytes: Buffer, at: number): number =>
  (bytes[at] as number) * 0x1000000 +
  (((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number));
