import { BinaryWriter, type WireType } from '@bufbuild/protobuf/wire';
import type { ByteSink } from '../byte-sink.js';
import { GrowingSink } from '../growing-sink.js';
import { writeUtf8 } from './native-strings.js';
import { toFloat, toInt32, toInt64, toUint32, toUint64 } from './number-checks.js';
import { BIGINT, DOUBLE, FLOAT, HIGH, LOW, UNSIGNED_BIGINT, WORDS } from './words.js';

/** Up to here a loop over characters beats a call into native code. Below 43, so that the length is one byte for any text. */
const SHORT_TEXT = 36;
/** Room of a sink of one's own. So little comes out of Node's pool and costs next to nothing. */
const OWN_BYTES = 512;

/** BinaryWriter without its constructor, which would set fields that this writer does not use. The cast makes it a class. */
const Bare = function () {} as unknown as new () => object;
Bare.prototype = BinaryWriter.prototype;

/** Where a writer writes that has been given back. */
const NOWHERE: ByteSink = {
  bytes: Buffer.alloc(0),
  pos: 0,
  reserve() {
    throw new Error('this writer belongs to a message that has been encoded already');
  },
};

/**
 * Writes to a sink what BinaryWriter writes to memory of its own: the same bytes, the same errors. `FastWriter` is what users
 * see of it. A method first makes sure of its room, then stores, then moves `pos`.
 */
export class SinkWriter extends Bare {
  /** Where the next byte goes. That of the sink follows only at the end. */
  pos = 0;
  private sink: ByteSink;
  private memory: Buffer;
  private end: number;
  private start = 0;
  /** Where the open forks begin. What lies at `forkCount` and behind is left over. */
  private readonly forks: number[] = [];
  private forkCount = 0;

  /** Without a sink it writes to one of its own. */
  constructor(sink: ByteSink = new GrowingSink(OWN_BYTES)) {
    super();
    this.sink = sink;
    this.memory = sink.bytes;
    this.end = sink.bytes.length;
  }

  /** Turns to `sink`, to write from its `pos` on. To move that to the writer's in the end is left to the caller. */
  attach(sink: ByteSink): void {
    this.sink = sink;
    this.memory = sink.bytes;
    this.end = sink.bytes.length;
    this.pos = sink.pos;
    this.start = sink.pos;
    this.forkCount = 0;
  }

  /** Forgets the sink. Whoever kept this writer can do no harm with it. */
  detach(): void {
    this.attach(NOWHERE);
  }

  /** A copy of what was written since the start or the last `finish`, which it then forgets. */
  finish(): Buffer {
    const result = Buffer.from(this.memory.subarray(this.start, this.pos));
    this.pos = this.start;
    this.forkCount = 0;
    return result;
  }

  fork(): this {
    if (this.pos >= this.end) this.grow(1);
    this.forks[this.forkCount++] = this.pos;
    // The length of most messages fits into one byte; `join` makes room for the others.
    this.memory[this.pos++] = 0;
    return this;
  }

  join(): this {
    if (this.forkCount === 0) throw new Error('invalid state, fork stack empty');
    const start = this.forks[--this.forkCount] ?? 0;
    const length = this.pos - start - 1;
    if (length < 0x80) {
      this.memory[start] = length;
      return this;
    }
    const more = varintSize(length) - 1;
    if (this.end - this.pos < more) this.grow(more);
    this.memory.copyWithin(start + 1 + more, start + 1, this.pos);
    this.pos = start;
    this.uint32(length);
    this.pos += length;
    return this;
  }

  tag(fieldNo: number, type: WireType): this {
    return this.uint32(((fieldNo << 3) | type) >>> 0);
  }

  raw(chunk: Uint8Array): this {
    const length = chunk.length;
    // Turned around, so that what has no length is refused: a `pos` that is NaN would spoil the sink.
    if (!(this.end - this.pos >= length)) this.grow(length);
    const { memory, pos } = this;
    memory.set(chunk, pos);
    this.pos = pos + length;
    return this;
  }

  uint32(value: number): this {
    if (typeof value !== 'number' || value >>> 0 !== value) return this.uint32(toUint32(value));
    if (this.end - this.pos < 5) this.grow(5);
    const memory = this.memory;
    let pos = this.pos;
    let rest = value;
    while (rest > 0x7f) {
      memory[pos++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    memory[pos++] = rest;
    this.pos = pos;
    return this;
  }

  int32(value: number): this {
    if (typeof value !== 'number' || (value | 0) !== value) return this.int32(toInt32(value));
    return value >= 0 ? this.uint32(value) : this.varint64(value, -1);
  }

  sint32(value: number): this {
    if (typeof value !== 'number' || (value | 0) !== value) return this.sint32(toInt32(value));
    return this.uint32(((value << 1) ^ (value >> 31)) >>> 0);
  }

  bool(value: boolean): this {
    if (this.pos >= this.end) this.grow(1);
    this.memory[this.pos++] = value ? 1 : 0;
    return this;
  }

  bytes(value: Uint8Array): this {
    this.uint32(value.byteLength);
    // The default writer would write a length and then something else: a broken message, for an ArrayBuffer an endless one.
    if (value.length !== value.byteLength) throw new TypeError('invalid bytes: not a Uint8Array');
    return this.raw(value);
  }

  string(value: string): this {
    if (typeof value !== 'string') return this.string(String(value));
    const length = value.length;
    if (length > SHORT_TEXT) return this.longText(value);
    if (this.end - this.pos <= length) this.grow(length + 1);
    const memory = this.memory;
    let pos = this.pos;
    memory[pos++] = length;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return this.longText(value);
      memory[pos++] = code;
    }
    this.pos = pos;
    return this;
  }

  private longText(text: string): this {
    // Nearly all text is ASCII and has as many bytes as characters; other text is moved when its length needs more room.
    const guess = varintSize(text.length);
    // A character takes up to three bytes. Counting them pays only where so much room is not at hand.
    if (this.end - this.pos < 3 * text.length + 5) this.grow(Buffer.byteLength(text) + 5);
    const { memory, pos } = this;
    const length = writeUtf8(memory, text, pos + guess);
    const size = varintSize(length);
    if (size !== guess) memory.copyWithin(pos + size, pos + guess, pos + guess + length);
    this.uint32(length);
    this.pos += length;
    return this;
  }

  float(value: number): this {
    FLOAT[0] = toFloat(value);
    return this.word(WORDS[0] ?? 0);
  }

  double(value: number): this {
    DOUBLE[0] = value;
    return this.wordPair(WORDS[LOW] ?? 0, WORDS[HIGH] ?? 0);
  }

  fixed32(value: number): this {
    return this.word(toUint32(value));
  }

  sfixed32(value: number): this {
    return this.word(toInt32(value));
  }

  fixed64(value: string | number | bigint): this {
    return this.wordPair(this.unsignedLow(value), WORDS[HIGH] ?? 0);
  }

  sfixed64(value: string | number | bigint): this {
    return this.wordPair(this.signedLow(value), WORDS[HIGH] ?? 0);
  }

  int64(value: string | number | bigint): this {
    return this.varint64(this.signedLow(value), WORDS[HIGH] ?? 0);
  }

  uint64(value: string | number | bigint): this {
    return this.varint64(this.unsignedLow(value), WORDS[HIGH] ?? 0);
  }

  sint64(value: string | number | bigint): this {
    const low = this.signedLow(value);
    const high = WORDS[HIGH] ?? 0;
    const sign = high >> 31;
    return this.varint64((low << 1) ^ sign, ((high << 1) | (low >>> 31)) ^ sign);
  }

  /** Puts a 64-bit integer into WORDS and gives its low half. */
  private signedLow(value: string | number | bigint): number {
    const integer = typeof value === 'bigint' ? value : toInt64(value);
    BIGINT[0] = integer;
    if (BIGINT[0] !== integer) toInt64(integer);
    return WORDS[LOW] ?? 0;
  }

  private unsignedLow(value: string | number | bigint): number {
    const integer = typeof value === 'bigint' ? value : toUint64(value);
    UNSIGNED_BIGINT[0] = integer;
    if (UNSIGNED_BIGINT[0] !== integer) toUint64(integer);
    return WORDS[LOW] ?? 0;
  }

  private varint64(low: number, high: number): this {
    if (this.end - this.pos < 10) this.grow(10);
    const memory = this.memory;
    let pos = this.pos;
    let lowRest = low;
    let highRest = high;
    while (highRest !== 0) {
      memory[pos++] = (lowRest & 0x7f) | 0x80;
      lowRest = (lowRest >>> 7) | (highRest << 25);
      highRest >>>= 7;
    }
    lowRest >>>= 0;
    while (lowRest > 0x7f) {
      memory[pos++] = (lowRest & 0x7f) | 0x80;
      lowRest >>>= 7;
    }
    memory[pos++] = lowRest;
    this.pos = pos;
    return this;
  }

  /** Four bytes, the lowest first. */
  private word(word: number): this {
    if (this.end - this.pos < 4) this.grow(4);
    const { memory, pos } = this;
    memory[pos] = word;
    memory[pos + 1] = word >>> 8;
    memory[pos + 2] = word >>> 16;
    memory[pos + 3] = word >>> 24;
    this.pos = pos + 4;
    return this;
  }

  private wordPair(low: number, high: number): this {
    if (this.end - this.pos < 8) this.grow(8);
    return this.word(low).word(high);
  }

  /** Called with nothing stored behind `pos` and nothing left in WORDS: the sink may run anything. */
  private grow(byteCount: number): void {
    const { sink } = this;
    sink.pos = this.pos;
    sink.reserve(byteCount);
    this.memory = sink.bytes;
    this.end = sink.bytes.length;
    // A store behind the end of a Buffer is silent: better a word now than a broken message.
    if (!(this.end - this.pos >= byteCount)) throw new RangeError(`the sink has no room for ${byteCount} bytes`);
  }
}

function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}
