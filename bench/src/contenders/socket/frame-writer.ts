import type { Socket } from 'node:net';
import type { ByteSink } from '@breakwater/codec';

const SLAB_BYTES = 256 * 1024;
/** A frame that begins beyond this goes into the next write. */
const FULL_BYTES = SLAB_BYTES / 2;
/** Bodies from this size on are written by themselves, not copied. */
const LARGE_BYTES = SLAB_BYTES / 4;
/** Length, id and kind. */
export const HEAD_BYTES = 9;

/** A message: its bytes, or somebody who writes them where they are sent from. */
export type Body = Uint8Array | ((sink: ByteSink) => void);

/** Collects the frames of one tick in a slab, and writes them with one system call. */
export class FrameWriter implements ByteSink {
  bytes = Buffer.allocUnsafeSlow(SLAB_BYTES);
  pos = 0;
  private scheduled = false;

  constructor(private readonly socket: Socket) {}

  /** One frame: `lead` is what stands for headers on the wire. */
  frame(id: number, kind: number, lead: Uint8Array, body: Body): void {
    if (this.pos > FULL_BYTES) this.flush();
    const start = this.pos;
    this.reserve(HEAD_BYTES + lead.length);
    this.bytes.writeUInt32BE(id, start + 4);
    this.bytes[start + 8] = kind;
    this.bytes.set(lead, start + HEAD_BYTES);
    this.pos = start + HEAD_BYTES + lead.length;
    const large = typeof body !== 'function' && body.length > LARGE_BYTES;
    if (typeof body === 'function') body(this);
    else if (!large) {
      this.reserve(body.length);
      this.bytes.set(body, this.pos);
      this.pos += body.length;
    }
    this.bytes.writeUInt32BE(this.pos - start - 4 + (large ? body.length : 0), start);
    if (large) {
      this.flush();
      this.socket.write(body);
    } else this.schedule();
  }

  reserve(byteCount: number): void {
    const needed = this.pos + byteCount;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length));
    this.bytes.copy(grown, 0, 0, this.pos);
    this.bytes = grown;
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    // Ticks come after all promise jobs of the turn: what a batch of answers sets off goes out together.
    process.nextTick(() => {
      this.scheduled = false;
      this.flush();
    });
  }

  private flush(): void {
    if (this.pos === 0) return;
    const frames = this.bytes.subarray(0, this.pos);
    this.pos = 0;
    if (this.socket.writableLength > 0 && frames.length < LARGE_BYTES) {
      // It will wait: a copy of what there is, rather than the whole slab.
      this.socket.write(Buffer.from(frames));
      return;
    }
    this.socket.write(frames);
    // What the kernel has not taken at once is still to be read from the slab; one that has grown is not worth keeping.
    if (this.socket.writableLength > 0 || this.bytes.length > SLAB_BYTES)
      this.bytes = Buffer.allocUnsafeSlow(SLAB_BYTES);
  }
}
