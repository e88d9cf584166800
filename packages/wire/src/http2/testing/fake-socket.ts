import type { SessionSocket } from '../session.js';

/**
 * A socket whose kernel takes at once what fits, as a real one does, and holds the rest until told otherwise. What is
 * written is copied when the kernel takes it, and no sooner: memory that is used again too early shows.
 */
export class FakeSocket implements SessionSocket {
  destroyed = false;
  /** `end` was called. */
  ended = false;
  /** Bytes that the kernel still takes. */
  room = Number.POSITIVE_INFINITY;
  /** All that has been read. */
  readonly history: Buffer[] = [];
  /** Number of system calls. */
  writes = 0;
  private readonly held: Uint8Array[] = [];
  private readonly sent: Buffer[] = [];
  private corked = false;
  private needsDrain = false;

  /** @param highWaterBytes as of a stream: `write` answers false from there on */
  constructor(private readonly highWaterBytes = 16_384) {}

  get writableLength(): number {
    return this.held.reduce((sum, { length }) => sum + length, 0);
  }

  write(bytes: Uint8Array): boolean {
    if (this.ended || this.destroyed) throw new Error('write after the end');
    this.held.push(bytes);
    const goesOn = this.writableLength < this.highWaterBytes;
    if (!goesOn) this.needsDrain = true;
    if (!this.corked) this.push();
    return goesOn;
  }

  ref(): void {}

  unref(): void {}

  cork(): void {
    this.corked = true;
  }

  uncork(): void {
    this.corked = false;
    this.push();
  }

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    this.destroyed = true;
  }

  /** The peer has read: the kernel takes so many bytes more. @returns whether a socket would emit `drain` now */
  drain(byteCount: number): boolean {
    this.room += byteCount;
    this.take();
    const drained = this.needsDrain && this.writableLength === 0;
    if (drained) this.needsDrain = false;
    return drained;
  }

  /** What the kernel has taken since the last call. */
  read(): Buffer {
    const bytes = Buffer.concat(this.sent.splice(0));
    this.history.push(bytes);
    return bytes;
  }

  private push(): void {
    this.writes += 1;
    this.take();
  }

  private take(): void {
    for (let first = this.held[0]; first !== undefined && this.room > 0; first = this.held[0]) {
      const taken = Math.min(first.length, this.room);
      this.room -= taken;
      this.sent.push(Buffer.from(first.subarray(0, taken)));
      if (taken === first.length) this.held.shift();
      else this.held[0] = first.subarray(taken);
    }
  }
}
