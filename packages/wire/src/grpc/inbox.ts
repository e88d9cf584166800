import type { Session } from '../http2/session.js';
import type { Stream } from '../http2/stream.js';
import { PREFIX_BYTES } from './message-assembler.js';

/** A message that has come and waits for its reader. */
export interface WaitingMessage {
  readonly bytes: Buffer;
  readonly compressed: boolean;
}

/**
 * The messages of one stream that its reader is not ready for. What waits here is what the peer has to wait for: its bytes
 * are given back to the window when they leave. What is still being put together is given back as it comes, since a
 * message may be larger than the window.
 */
export class Inbox {
  private messages: WaitingMessage[] = [];
  private head = 0;
  private waitingBytes = 0;
  private unreturned = 0;
  private assemblingBytes = 0;

  constructor(
    private readonly session: Session<Stream>,
    private readonly stream: Stream,
  ) {}

  get empty(): boolean {
    return this.head === this.messages.length;
  }

  /**
   * Payload of the stream has arrived, and what it completed has been put or read.
   * @param assemblingBytes memory that holds the beginning of a message
   */
  arrived(byteCount: number, assemblingBytes: number): void {
    this.unreturned += byteCount;
    this.assembling(assemblingBytes);
    this.settle();
  }

  put(bytes: Buffer, start: number, end: number, compressed: boolean): void {
    this.messages.push({ bytes: bytes.subarray(start, end), compressed });
    this.count(end - start + PREFIX_BYTES);
  }

  take(): WaitingMessage | undefined {
    const message = this.messages[this.head];
    if (message === undefined) return undefined;
    this.head += 1;
    if (this.head === this.messages.length) {
      this.messages = [];
      this.head = 0;
    }
    this.count(-(message.bytes.length + PREFIX_BYTES));
    this.settle();
    return message;
  }

  /** Nobody reads on. */
  clear(): void {
    this.messages = [];
    this.head = 0;
    this.count(-this.waitingBytes);
    this.assembling(0);
    this.settle();
  }

  private assembling(byteCount: number): void {
    const change = byteCount - this.assemblingBytes;
    this.assemblingBytes = byteCount;
    if (change > 0) this.session.hold(change);
    else if (change < 0) this.session.release(-change);
  }

  private count(byteCount: number): void {
    if (byteCount === 0) return;
    this.waitingBytes += byteCount;
    if (byteCount > 0) {
      this.session.hold(byteCount);
      this.session.keepUnread(byteCount);
    } else {
      this.session.release(-byteCount);
      this.session.onRead(-byteCount);
    }
  }

  private settle(): void {
    const excess = this.unreturned - this.waitingBytes;
    if (excess <= 0) return;
    this.unreturned -= excess;
    this.session.consume(this.stream, excess);
  }
}
