import type { ByteSink } from './byte-sink.js';

/** Room of the first buffer, in bytes: most messages fit. */
const FIRST_BYTES = 4096;

/** A sink of its own memory, which doubles whenever it is full. Read what was written as `bytes.subarray(0, pos)`. */
export class GrowingSink implements ByteSink {
  bytes: Buffer;
  pos = 0;

  /** @param initialBytes room to begin with, in bytes; default 4096 */
  constructor(initialBytes = FIRST_BYTES) {
    this.bytes = Buffer.allocUnsafe(initialBytes);
  }

  reserve(byteCount: number): void {
    const needed = this.pos + byteCount;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length));
    this.bytes.copy(grown, 0, 0, this.pos);
    this.bytes = grown;
  }
}
