import { readUint32 } from '../http2/frame-reader.js';

/** In front of every message: a flag and four bytes of length. */
export const PREFIX_BYTES = 5;
/** A message that has announced its length has this much set aside at first, more as it comes. */
const FIRST_BYTES = 64 * 1024;

/** Takes messages as they become complete. */
export interface MessageSink {
  /** `bytes[start, end)` is one message; the memory is not written again. */
  onMessage(bytes: Buffer, start: number, end: number, compressed: boolean): void;
  /** A prefix that breaks a rule: more than the limit, or flags that nobody knows. The rest is not read. */
  onBadPrefix(flag: number, length: number): void;
}

/** Whether a payload is exactly one uncompressed message that needs no assembling. */
export const isOneMessage = (bytes: Buffer, start: number, end: number): boolean =>
  end - start >= PREFIX_BYTES && bytes[start] === 0 && readUint32(bytes, start + 1) === end - start - PREFIX_BYTES;

/** Cuts the payload of a stream into messages, wherever frames begin and end. What lies in one frame is not copied. */
export class MessageAssembler {
  private readonly prefix = Buffer.alloc(PREFIX_BYTES);
  private prefixFilled = 0;
  private message: Buffer | undefined;
  private filled = 0;
  private length = 0;
  private broken = false;
  private completed = false;

  constructor(private readonly limitBytes: number) {}

  /** True between two messages: a stream may end here. */
  get atBoundary(): boolean {
    return this.prefixFilled === 0 && !this.broken;
  }

  /** Memory that holds the beginning of a message. */
  get heldBytes(): number {
    return this.message?.length ?? 0;
  }

  /** @returns whether a message has become complete */
  feed(bytes: Buffer, start: number, end: number, sink: MessageSink): boolean {
    let at = start;
    this.completed = false;
    while (at < end && !this.broken) {
      if (this.prefixFilled < PREFIX_BYTES) {
        at = this.fillPrefix(bytes, at, end);
        if (this.prefixFilled < PREFIX_BYTES || !this.checkPrefix(sink)) break;
        // A message without bytes is complete with its prefix.
        if (this.length > 0 && at === end) break;
      }
      if (this.filled === 0 && end - at >= this.length) {
        const { length } = this;
        const compressed = this.prefix[0] === 1;
        this.prefixFilled = 0;
        this.completed = true;
        sink.onMessage(bytes, at, at + length, compressed);
        at += length;
      } else at = this.fillMessage(bytes, at, end, sink);
    }
    return this.completed;
  }

  private fillPrefix(bytes: Buffer, at: number, end: number): number {
    const taken = Math.min(PREFIX_BYTES - this.prefixFilled, end - at);
    for (let index = 0; index < taken; index++) this.prefix[this.prefixFilled + index] = bytes[at + index] as number;
    this.prefixFilled += taken;
    return at + taken;
  }

  private checkPrefix(sink: MessageSink): boolean {
    const flag = this.prefix[0] as number;
    this.length = readUint32(this.prefix, 1);
    this.filled = 0;
    this.message = undefined;
    if (flag <= 1 && this.length <= this.limitBytes) return true;
    this.broken = true;
    sink.onBadPrefix(flag, this.length);
    return false;
  }

  private fillMessage(bytes: Buffer, at: number, end: number, sink: MessageSink): number {
    const taken = Math.min(this.length - this.filled, end - at);
    const message = this.roomFor(this.filled + taken);
    bytes.copy(message, this.filled, at, at + taken);
    this.filled += taken;
    if (this.filled === this.length) {
      this.prefixFilled = 0;
      this.message = undefined;
      this.filled = 0;
      this.completed = true;
      sink.onMessage(message, 0, this.length, this.prefix[0] === 1);
    }
    return at + taken;
  }

  /** Memory for what has come, not for what was announced: an announcement is cheap. */
  private roomFor(byteCount: number): Buffer {
    const { message } = this;
    if (message !== undefined && message.length >= byteCount) return message;
    const size = Math.min(this.length, Math.max(FIRST_BYTES, byteCount, (message?.length ?? 0) * 2));
    const grown = Buffer.allocUnsafeSlow(size);
    message?.copy(grown, 0, 0, this.filled);
    this.message = grown;
    return grown;
  }
}
