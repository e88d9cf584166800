import type { Socket } from 'node:net';

const SLAB_BYTES = 256 * 1024;
/** Length, id and kind. */
export const HEAD_BYTES = 9;

/** Collects the frames of one tick in a slab, and writes them with one system call. */
export class FrameWriter {
  private slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  private used = 0;
  private scheduled = false;

  constructor(private readonly socket: Socket) {}

  /** One frame: `lead` is what stands for headers on the wire, `body` the message. */
  frame(id: number, kind: number, lead: Uint8Array, body: Uint8Array): void {
    const length = HEAD_BYTES - 4 + lead.length + body.length;
    const large = body.length > SLAB_BYTES / 4;
    this.reserve(HEAD_BYTES + lead.length + (large ? 0 : body.length));
    let at = this.used;
    at = this.slab.writeUInt32BE(length, at);
    at = this.slab.writeUInt32BE(id, at);
    at = this.slab.writeUInt8(kind, at);
    this.slab.set(lead, at);
    at += lead.length;
    if (!large) {
      this.slab.set(body, at);
      at += body.length;
    }
    this.used = at;
    if (large) {
      this.flush();
      this.socket.write(body);
    } else this.schedule();
  }

  private reserve(bytes: number): void {
    if (this.used + bytes > SLAB_BYTES) this.flush();
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
    if (this.used === 0) return;
    const frames = this.slab.subarray(0, this.used);
    this.used = 0;
    if (this.socket.writableLength > 0) {
      // It will wait: a copy of what there is, rather than the whole slab.
      this.socket.write(Buffer.from(frames));
      return;
    }
    this.socket.write(frames);
    // What the kernel has not taken at once is still to be read from the slab.
    if (this.socket.writableLength > 0) this.slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  }
}
