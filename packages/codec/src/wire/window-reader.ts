import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { readUtf8, readUtf8Strictly } from './native-strings.js';
import { readShortText, SHORT_TEXT } from './short-text.js';
import { BIGINT, DOUBLE, FLOAT, HIGH, LOW, UNSIGNED_BIGINT, WORDS } from './words.js';

/** Up to here doubles put together by hand beat the making of a DataView. */
const FEW_DOUBLES = 8;
/** The default reader asks a DataView, and this is what that one says. */
const OUTSIDE = 'Offset is outside the bounds of the DataView';
const NOTHING = Buffer.alloc(0);

/** BinaryReader without its constructor, which would hide methods of this one behind properties. The cast makes it a class. */
const Bare = function () {} as unknown as new () => object;
Bare.prototype = BinaryReader.prototype;

/**
 * Reads a window of some memory as BinaryReader reads a whole array: the same values, the same errors, however the memory goes
 * on behind the window. `FastReader` is what users see of it.
 */
export class WindowReader extends Bare {
  /** Index of the next byte in the memory, not in the window. Generated code only compares it with `len`. */
  pos = 0;
  /** Where the window ends, likewise. */
  len = 0;
  private memory: Uint8Array = NOTHING;
  private view: DataView | undefined;
  private doubleCount = 0;
  /** How deep generated code is. It would add the field itself, and so change the shape of every reader. */
  __tsProtoDecodeDepth = 0;

  /** @throws RangeError when [start, end) is not within `bytes` */
  constructor(bytes: Uint8Array = NOTHING, start = 0, end = bytes.length) {
    super();
    requireWindow(bytes, start, end);
    this.attach(bytes, start, end);
  }

  /** Turns to another window, which must be one, and forgets all of the one before. */
  attach(bytes: Uint8Array, start: number, end: number): void {
    this.memory = bytes;
    this.pos = start;
    this.len = end;
    this.view = undefined;
    this.doubleCount = 0;
    this.__tsProtoDecodeDepth = 0;
  }

  /** Forgets the window. Whoever kept this reader sees no byte of the next. */
  detach(): void {
    this.attach(NOTHING, 0, 0);
  }

  tag(): [number, WireType] {
    const start = this.pos;
    const tag = this.uint32();
    const size = this.pos - start;
    if (size > 5 || (size === 5 && (this.memory[this.pos - 1] ?? 0) > 0x0f))
      throw new Error('illegal tag: varint overflows uint32');
    const fieldNo = tag >>> 3;
    const wireType = tag & 7;
    if (fieldNo === 0 || wireType > 5) throw new Error(`illegal tag: field no ${fieldNo} wire type ${wireType}`);
    return [fieldNo, wireType];
  }

  skip(wireType: WireType, fieldNo?: number, recursionLimit = 100): Uint8Array {
    const start = this.pos;
    switch (wireType) {
      case WireType.Varint:
        while (this.next() > 0x7f);
        break;
      case WireType.Bit64:
        this.pos += 8;
        break;
      case WireType.Bit32:
        this.pos += 4;
        break;
      case WireType.LengthDelimited: {
        const length = this.uint32();
        this.pos += length;
        break;
      }
      case WireType.StartGroup:
        this.skipGroup(fieldNo, recursionLimit);
        break;
      default:
        throw new Error(`cant skip wire type ${wireType}`);
    }
    this.requireWithin();
    return this.memory.subarray(start, this.pos);
  }

  private skipGroup(fieldNo: number | undefined, recursionLimit: number): void {
    if (recursionLimit <= 0) throw new Error('maximum recursion depth reached');
    for (;;) {
      const [inner, wireType] = this.tag();
      if (wireType === WireType.EndGroup) {
        if (fieldNo !== undefined && inner !== fieldNo) throw new Error('invalid end group tag');
        return;
      }
      this.skip(wireType, inner, recursionLimit - 1);
    }
  }

  uint32(): number {
    const { memory, pos } = this;
    if (pos < this.len) {
      const byte = memory[pos] ?? 0;
      if (byte < 0x80) {
        this.pos = pos + 1;
        return byte;
      }
    }
    return this.longUint32();
  }

  int32(): number {
    return this.uint32() | 0;
  }

  sint32(): number {
    const zigzag = this.uint32();
    return (zigzag >>> 1) ^ -(zigzag & 1);
  }

  int64(): bigint {
    this.varint64();
    return BIGINT[0] ?? 0n;
  }

  uint64(): bigint {
    this.varint64();
    return UNSIGNED_BIGINT[0] ?? 0n;
  }

  sint64(): bigint {
    this.varint64();
    const low = WORDS[LOW] ?? 0;
    const high = WORDS[HIGH] ?? 0;
    const sign = -(low & 1);
    WORDS[LOW] = ((low >>> 1) | ((high & 1) << 31)) ^ sign;
    WORDS[HIGH] = (high >>> 1) ^ sign;
    return BIGINT[0] ?? 0n;
  }

  bool(): boolean {
    const { memory, pos } = this;
    if (pos < this.len) {
      const byte = memory[pos] ?? 0;
      if (byte < 0x80) {
        this.pos = pos + 1;
        return byte !== 0;
      }
    }
    this.varint64();
    return WORDS[LOW] !== 0 || WORDS[HIGH] !== 0;
  }

  fixed32(): number {
    return this.word() >>> 0;
  }

  sfixed32(): number {
    return this.word();
  }

  fixed64(): bigint {
    this.wordPair();
    return UNSIGNED_BIGINT[0] ?? 0n;
  }

  sfixed64(): bigint {
    this.wordPair();
    return BIGINT[0] ?? 0n;
  }

  float(): number {
    WORDS[0] = this.word();
    return FLOAT[0] ?? 0;
  }

  double(): number {
    if (this.view === undefined && this.doubleCount < FEW_DOUBLES) {
      this.doubleCount++;
      this.wordPair();
      return DOUBLE[0] ?? 0;
    }
    const { memory, pos } = this;
    this.view ??= new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
    this.pos = pos + 8;
    if (this.pos > this.len) throw new RangeError(OUTSIDE);
    return this.view.getFloat64(pos, true);
  }

  bytes(): Uint8Array {
    const length = this.uint32();
    const start = this.pos;
    this.pos = start + length;
    this.requireWithin();
    return this.memory.subarray(start, this.pos);
  }

  string(strict?: boolean): string {
    const length = this.uint32();
    const start = this.pos;
    this.pos = start + length;
    this.requireWithin();
    if (length <= SHORT_TEXT) {
      const text = readShortText(this.memory, start, length);
      if (text !== undefined) return text;
    }
    return strict === true ? readUtf8Strictly(this.memory, start, this.pos) : readUtf8(this.memory, start, this.pos);
  }

  /** A varint of up to ten bytes, as negative int32 have. The bits above 32 are dropped. */
  private longUint32(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.next();
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.requireWithin();
        return value >>> 0;
      }
    }
    throw new Error('invalid varint');
  }

  /** Reads a varint of up to ten bytes into WORDS. The bits above 64 are dropped. */
  private varint64(): void {
    let low = 0;
    let high = 0;
    let byte = 0x80;
    for (let shift = 0; byte > 0x7f; shift += 7) {
      if (shift > 63) throw new Error('invalid varint');
      byte = this.next();
      const bits = byte & 0x7f;
      if (shift <= 28) low |= bits << shift;
      if (shift === 28) high = bits >>> 4;
      else if (shift > 28) high |= bits << (shift - 32);
    }
    this.requireWithin();
    WORDS[LOW] = low;
    WORDS[HIGH] = high;
  }

  /** The next byte; behind the end zeros, which end every varint, so that `requireWithin` is asked but once. */
  private next(): number {
    const pos = this.pos++;
    return pos < this.len ? (this.memory[pos] ?? 0) : 0;
  }

  private requireWithin(): void {
    if (this.pos > this.len) throw new RangeError('premature EOF');
  }

  /** Four bytes, the lowest first. */
  private word(): number {
    const { memory, pos } = this;
    this.pos = pos + 4;
    if (this.pos > this.len) throw new RangeError(OUTSIDE);
    return (
      (memory[pos] ?? 0) |
      ((memory[pos + 1] ?? 0) << 8) |
      ((memory[pos + 2] ?? 0) << 16) |
      ((memory[pos + 3] ?? 0) << 24)
    );
  }

  private wordPair(): void {
    const low = this.word();
    WORDS[HIGH] = this.word();
    WORDS[LOW] = low;
  }
}

/** @throws RangeError when [start, end) is not within `bytes` */
export function requireWindow(bytes: Uint8Array, start: number, end: number): void {
  if (start >= 0 && start <= end && end <= bytes.length) return;
  throw new RangeError(`[${start}, ${end}) is not within ${bytes.length} bytes`);
}
