import type { ByteSink } from '@breakwater/codec';

/** A growing buffer. It starts small and fills fresh memory with rubbish, so that a missing `reserve` shows. */
export class BufferSink implements ByteSink {
  bytes = Buffer.alloc(1, 0xaa);
  pos = 0;

  reserve(byteCount: number): void {
    const need = this.pos + byteCount;
    if (need <= this.bytes.length) return;
    const grown = Buffer.alloc(need, 0xaa);
    this.bytes.copy(grown, 0, 0, this.pos);
    this.bytes = grown;
  }

  /** What was written since the last call. Its place is overwritten, as a slab would be. */
  take(): Buffer {
    const taken = Buffer.from(this.bytes.subarray(0, this.pos));
    this.bytes.fill(0xaa);
    this.pos = 0;
    this.bytes = Buffer.alloc(1, 0xaa);
    return taken;
  }
}
