import { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { ByteSink } from './byte-sink.js';
import type { CodecType } from './codec-type.js';
import { giveBackReader, giveBackSink, giveBackWriter, takeReader, takeSink, takeWriter } from './idle.js';
import { requireWindow } from './wire/window-reader.js';

/**
 * Encodes and decodes the messages of one type. Make it with `codecOf`.
 *
 * The bytes are those of `type.encode(type.fromPartial(partial)).finish()`, the message is that of `type.decode(bytes)`, and
 * the errors are theirs. A type whose code was not generated for our copy of `@bufbuild/protobuf` is served by exactly these
 * calls, and no faster. That is found out with its first message in each direction.
 */
export class MessageCodec<T = unknown, P = unknown> {
  /** Undefined before the first message. */
  private takesWriter: boolean | undefined;
  private takesReader: boolean | undefined;

  constructor(readonly type: CodecType<T, P>) {}

  /** True once messages of this type went through the fast writer and through the fast reader. Before and otherwise false. */
  get isFast(): boolean {
    return this.takesWriter === true && this.takesReader === true;
  }

  /**
   * A Buffer of exactly the message, which nobody else writes to. Small ones are cut from Node's common pool, as
   * `Buffer.from(text)` is. A type that is not served by our writer gives whatever memory it likes.
   *
   * @throws what `fromPartial` or `encode` of the type throws
   */
  encode(partial: P): Buffer {
    const message = this.type.fromPartial(partial);
    if (this.takesWriter === true) {
      const sink = takeSink();
      try {
        if (this.write(message, sink)) {
          const bytes = Buffer.allocUnsafe(sink.pos);
          sink.bytes.copy(bytes, 0, 0, sink.pos);
          return bytes;
        }
      } finally {
        giveBackSink(sink);
      }
    }
    return asBuffer(this.encodeAlone(message));
  }

  /**
   * Writes the message to `sink.bytes` from `sink.pos` on and moves `sink.pos` behind it. Until it returns the sink is taken:
   * nobody else may write there, not even a getter of the message.
   *
   * @throws what `fromPartial` or `encode` of the type throws, or `sink.reserve`; then `sink.pos` is what it was
   */
  encodeInto(partial: P, sink: ByteSink): void {
    const message = this.type.fromPartial(partial);
    if (this.takesWriter === true && this.write(message, sink)) return;
    const bytes = this.encodeAlone(message);
    sink.reserve(bytes.length);
    sink.bytes.set(bytes, sink.pos);
    sink.pos += bytes.length;
  }

  /**
   * The message in `bytes[start, end)`, by default all of them. It is read in place. Text and numbers are copies. Whether fields
   * of type `bytes` are, the generator decides: with ts-proto's `env=node`, as `breakwater generate` sets it, they are; without
   * they lie in the memory of `bytes`, as they do with the default reader, so that it must not be reused while the message lives.
   *
   * @throws what `decode` of the type throws; RangeError when the window is not within `bytes`
   */
  decode(bytes: Uint8Array, start = 0, end = bytes.length): T {
    requireWindow(bytes, start, end);
    // An empty message is no evidence: nobody reads anything of it.
    if (this.takesReader === true || (this.takesReader === undefined && start < end)) {
      const reader = takeReader();
      reader.attach(bytes, start, end);
      try {
        // The cast: CodecType names only what all types take.
        const message = this.type.decode(reader as unknown as Uint8Array);
        if (this.takesReader === true || reader.pos !== start) {
          this.takesReader = true;
          return message;
        }
      } catch (error) {
        // Before the first byte was read it may be the reader that was refused, and not the message.
        if (this.takesReader === true || reader.pos !== start) throw error;
      } finally {
        giveBackReader(reader);
      }
    }
    const message = this.type.decode(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end));
    if (start < end) this.takesReader = false;
    return message;
  }

  /** False, with nothing written, when the type has not used the writer after all. */
  private write(message: T, sink: ByteSink): boolean {
    const start = sink.pos;
    const writer = takeWriter();
    writer.attach(sink);
    let end = start;
    try {
      const written: unknown = this.type.encode(message, writer);
      this.takesWriter = written === writer;
      if (this.takesWriter) end = writer.pos;
      return this.takesWriter;
    } finally {
      sink.pos = end;
      giveBackWriter(writer);
    }
  }

  private encodeAlone(message: T): Uint8Array {
    const writer: unknown = this.type.encode(message);
    // What writes to our copy's writer by itself takes one like it as well.
    this.takesWriter ??= writer instanceof BinaryWriter;
    return (writer as { finish(): Uint8Array }).finish();
  }
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
