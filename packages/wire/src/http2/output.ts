import type { ByteSink } from '@breakwater/codec';
import { giveBackSlab, SLAB_BYTES, takeSlab } from './slab-pool.js';

/** The part of a socket that output needs. */
export interface OutputSocket {
  readonly writableLength: number;
  readonly destroyed: boolean;
  write(bytes: Uint8Array): boolean;
  cork(): void;
  uncork(): void;
}

/** Told at the end of every tick with output, before it is written. */
export interface OutputOwner {
  /** The last chance to add to this tick's output. */
  beforeWrite(): void;
}

/** Copied rather than given away when the socket keeps the bytes. */
const COPY_UP_TO_BYTES = 16 * 1024;

/**
 * The outgoing side of a connection: everything of one tick goes into one slab and leaves in one system call. Large
 * payloads are not copied but passed on by reference. A socket that is full holds back the writing, never the caller.
 */
export class Output implements ByteSink {
  bytes: Buffer = EMPTY;
  pos = 0;
  /** The socket has taken all it can for now; `onDrain` ends that. */
  blocked = false;
  /** Where the part of the slab begins that is not in `parts` yet. */
  private partStart = 0;
  private readonly parts: Buffer[] = [];
  private partBytes = 0;
  private scheduled = false;
  private closed = false;

  constructor(
    private readonly socket: OutputSocket,
    private readonly owner: OutputOwner,
    /** A socket that encrypts keeps every write for a moment, so that the slab would never come back. */
    private readonly copies: boolean,
  ) {}

  /** Bytes of this tick; while the socket is full, all that have come since. */
  get unwrittenBytes(): number {
    return this.partBytes + this.pos - this.partStart;
  }

  reserve(byteCount: number): void {
    if (this.pos + byteCount > this.bytes.length) this.grow(byteCount);
  }

  /** Appends `payload` without copying it; it must not change any more. */
  reference(payload: Buffer): void {
    this.sealPart();
    this.parts.push(payload);
    this.partBytes += payload.length;
  }

  /** Sees to it that what has been appended leaves at the end of this tick, after all microtasks. */
  schedule(): void {
    if (this.scheduled || this.closed) return;
    this.scheduled = true;
    process.nextTick(this.onTick);
  }

  /** As `schedule`, from outside of any microtask: handlers that are about to run get their answers into the same write. */
  scheduleAfterMicrotasks(): void {
    if (this.scheduled || this.closed) return;
    this.scheduled = true;
    queueMicrotask(this.toNextTick);
  }

  /** The socket has room again. */
  onDrain(): void {
    this.blocked = false;
    this.flush();
  }

  /** Writes what is there. */
  flush(): void {
    if (this.closed) return;
    this.owner.beforeWrite();
    if (this.blocked || this.socket.destroyed) return;
    if (this.parts.length > 0) this.writeParts();
    else if (this.pos > this.partStart) this.writeSlab();
  }

  /** Nothing is written from now on, and nothing is kept. */
  close(): void {
    this.closed = true;
    this.parts.length = 0;
    this.partBytes = 0;
    this.bytes = EMPTY;
    this.pos = 0;
    this.partStart = 0;
  }

  private readonly toNextTick = (): void => process.nextTick(this.onTick);

  private readonly onTick = (): void => {
    this.scheduled = false;
    this.flush();
  };

  private writeSlab(): void {
    const { socket } = this;
    const ready = this.bytes.subarray(this.partStart, this.pos);
    const copied = this.copies && ready.length <= COPY_UP_TO_BYTES;
    const goesOn = socket.write(copied ? Buffer.from(ready) : ready);
    this.afterWrite(goesOn, copied);
  }

  private writeParts(): void {
    this.sealPart();
    const { parts, socket } = this;
    let goesOn = true;
    socket.cork();
    for (const part of parts) goesOn = socket.write(part);
    socket.uncork();
    parts.length = 0;
    this.partBytes = 0;
    this.afterWrite(goesOn, false);
  }

  /** A socket that holds nothing has given everything to the kernel: then the slab is free again. */
  private afterWrite(goesOn: boolean, slabIsFree: boolean): void {
    const held = this.socket.writableLength > 0;
    if (slabIsFree || !held) giveBackSlab(this.bytes);
    this.bytes = EMPTY;
    this.pos = 0;
    this.partStart = 0;
    // A write above the high-water mark answers false although the kernel may have taken all of it.
    this.blocked = held && !goesOn;
  }

  private sealPart(): void {
    if (this.pos === this.partStart) return;
    this.parts.push(this.bytes.subarray(this.partStart, this.pos));
    this.partBytes += this.pos - this.partStart;
    this.partStart = this.pos;
  }

  /** What is written and not sealed stays at its place: whoever writes may go back to fill in a length. */
  private grow(byteCount: number): void {
    const needed = this.pos + byteCount;
    if (this.bytes.length === 0) {
      this.bytes = needed <= SLAB_BYTES ? takeSlab() : Buffer.allocUnsafeSlow(roundUp(needed));
      return;
    }
    const grown = Buffer.allocUnsafeSlow(roundUp(Math.max(needed, this.bytes.length * 2)));
    this.bytes.copy(grown, this.partStart, this.partStart, this.pos);
    this.bytes = grown;
  }
}

const roundUp = (bytes: number): number => Math.ceil(bytes / SLAB_BYTES) * SLAB_BYTES;

const EMPTY = Buffer.alloc(0);
