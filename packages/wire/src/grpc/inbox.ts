import type { Incomplete } from '../http2/receive-flow.js';
import type { Stream } from '../http2/stream.js';
import { PREFIX_BYTES } from './message-assembler.js';

/** What an inbox needs of its session. */
export interface InboxSession {
  hold(byteCount: number): void;
  release(byteCount: number): void;
  keepUnread(byteCount: number): void;
  onRead(byteCount: number): void;
  consume(stream: Stream, byteCount: number): void;
  mayGoOn(one: Incomplete): boolean;
  leaveLine(one: Incomplete): void;
}

/** A message that has come and waits for its reader. */
export interface WaitingMessage {
  readonly bytes: Buffer;
  readonly compressed: boolean;
}

/**
 * What a waiting message takes beside its bytes: a buffer and its places. Without it a peer could fill the heap with
 * messages of no length.
 */
export const MESSAGE_OVERHEAD_BYTES = 160;
/** Messages that have been taken and still have their place. */
const COMPACT_FROM = 64;

/**
 * The messages of one stream that its reader is not ready for. What waits here is what the peer has to wait for: its bytes
 * are given back to the window when they leave. What is still being put together is given back as it comes, since a
 * message may be larger than the window; while memory is short, when its turn has come.
 */
export class Inbox implements Incomplete {
  /** Taken ones have left their place empty. */
  private messages: (WaitingMessage | undefined)[] = [];
  private head = 0;
  private waitingBytes = 0;
  private unreturned = 0;
  private assemblingBytes = 0;

  constructor(
    private readonly session: InboxSession,
    private readonly stream: Stream,
  ) {}

  get empty(): boolean {
    return this.head === this.messages.length;
  }

  /**
   * Payload of the stream has arrived, and what it completed has been put or read.
   * @param assemblingBytes memory that holds the beginning of a message
   * @param completed whether it has completed one
   */
  arrived(byteCount: number, assemblingBytes: number, completed: boolean): void {
    this.unreturned += byteCount;
    this.assembling(assemblingBytes);
    if (completed || assemblingBytes === 0) this.session.leaveLine(this);
    this.settle();
  }

  goOn(): void {
    this.settle();
  }

  put(bytes: Buffer, start: number, end: number, compressed: boolean): void {
    this.messages.push({ bytes: bytes.subarray(start, end), compressed });
    this.waitingBytes += end - start + PREFIX_BYTES;
    this.keep(end - start + PREFIX_BYTES + MESSAGE_OVERHEAD_BYTES);
  }

  take(): WaitingMessage | undefined {
    const message = this.messages[this.head];
    if (message === undefined) return undefined;
    this.messages[this.head] = undefined;
    this.head += 1;
    if (this.head === this.messages.length) {
      this.messages = [];
      this.head = 0;
    } else if (this.head >= COMPACT_FROM && this.head * 2 >= this.messages.length) {
      this.messages = this.messages.slice(this.head);
      this.head = 0;
    }
    const byteCount = message.bytes.length + PREFIX_BYTES;
    this.waitingBytes -= byteCount;
    this.letGo(byteCount + MESSAGE_OVERHEAD_BYTES);
    this.settle();
    return message;
  }

  /** The rest of the message that has begun will not come, or is not wanted. What is complete may still be read. */
  giveUpRest(): void {
    this.assembling(0);
    this.session.leaveLine(this);
  }

  /** Nobody reads on. */
  clear(): void {
    const held = this.waitingBytes + (this.messages.length - this.head) * MESSAGE_OVERHEAD_BYTES;
    this.messages = [];
    this.head = 0;
    this.waitingBytes = 0;
    if (held > 0) this.letGo(held);
    this.giveUpRest();
    this.settle();
  }

  private assembling(byteCount: number): void {
    const change = byteCount - this.assemblingBytes;
    this.assemblingBytes = byteCount;
    if (change > 0) this.session.hold(change);
    else if (change < 0) this.session.release(-change);
  }

  private keep(byteCount: number): void {
    this.session.hold(byteCount);
    this.session.keepUnread(byteCount);
  }

  private letGo(byteCount: number): void {
    this.session.release(byteCount);
    this.session.onRead(byteCount);
  }

  private settle(): void {
    const excess = this.unreturned - this.waitingBytes;
    if (excess <= 0 || (this.assemblingBytes > 0 && !this.session.mayGoOn(this))) return;
    this.unreturned -= excess;
    this.session.consume(this.stream, excess);
  }
}
