import { HpackError } from './hpack-error.js';
import { readHuffman } from './huffman-decode.js';
import { readLatin1 } from './latin1.js';
import type { RecentValues } from './recent-values.js';

const MOST_CONTINUATIONS = 5;
const MOST = 2 ** 31 - 1;
const NOTHING = new Uint8Array(0);

/** Reads the primitive types of RFC 7541 section 5 from one header block, and nothing outside it. */
export class OctetReader {
  bytes: Uint8Array = NOTHING;
  pos = 0;
  end = 0;

  /** Goes over to bytes [start, end). */
  open(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.pos = start;
    this.end = end;
  }

  /** Lets go of the bytes, which may be a slab of a connection. */
  close(): void {
    this.bytes = NOTHING;
    this.pos = 0;
    this.end = 0;
  }

  /** @throws HpackError at the end of the block */
  octet(): number {
    if (this.pos >= this.end) throw new HpackError('the header block ends within a field');
    return this.bytes[this.pos++] ?? 0;
  }

  /**
   * An integer whose prefix is the bits of `mask` in `first`, the octet just read (RFC 7541 5.1).
   *
   * @throws HpackError when it is over 2^31 - 1, in more than 5 octets behind the prefix, or cut off
   */
  integer(first: number, mask: number): number {
    const prefix = first & mask;
    return prefix < mask ? prefix : this.continued(mask);
  }

  private continued(prefix: number): number {
    let value = prefix;
    let unit = 1;
    for (let i = 0; i < MOST_CONTINUATIONS; i++) {
      const octet = this.octet();
      // Products, as shifts would wrap around at 32 bits.
      value += (octet & 0x7f) * unit;
      unit *= 0x80;
      if (octet >= 0x80) continue;
      if (value <= MOST) return value;
      break;
    }
    throw new HpackError('an integer is too large');
  }

  /**
   * A string literal, Huffman-coded or not (RFC 7541 5.2).
   *
   * @throws HpackError when it is longer than the block, or its Huffman code is broken
   */
  string(): string {
    const first = this.octet();
    const start = this.skip(this.integer(first, 0x7f));
    return this.text(first, start);
  }

  /** The same, for strings that are likely to be among the recent ones. */
  recentString(recent: RecentValues): string {
    const whole = this.pos;
    const first = this.octet();
    const start = this.skip(this.integer(first, 0x7f));
    // The octets of the length are compared as well, since one of them says how the others are coded.
    const known = recent.get(this.bytes, whole, this.pos);
    if (known !== undefined) return known;
    const text = this.text(first, start);
    recent.set(this.bytes, whole, this.pos, text);
    return text;
  }

  /** Moves behind the next octets. @returns where they start */
  private skip(length: number): number {
    const start = this.pos;
    if (length > this.end - start) throw new HpackError('a string is longer than the header block');
    this.pos = start + length;
    return start;
  }

  private text(first: number, start: number): string {
    return first < 0x80 ? readLatin1(this.bytes, start, this.pos) : readHuffman(this.bytes, start, this.pos);
  }
}
