import { HpackError } from './hpack-error.js';
import { EOS, huffmanCode, LEAST_CODE_BITS, MOST_CODE_BITS } from './huffman-table.js';
import { readLatin1 } from './latin1.js';

/** Codes of up to this many bits, which are those of all common text, are found with one look. */
const LOOK_BITS = 10;
const LOOK_MASK = (1 << LOOK_BITS) - 1;

/** Holds the octets of one string while it is decoded. Longer ones get a buffer of their own, so that this stays small. */
const SCRATCH_BYTES = 4096;

interface Tables {
  /** By the next 10 bits: length of the code << 8 | symbol; 0 when the code is longer. */
  readonly look: Uint16Array;
  /** By length: the first code, how many there are, and the place of the first one's symbol in `symbols`. */
  readonly firstCode: Uint32Array;
  readonly codeCount: Uint16Array;
  readonly firstPlace: Uint16Array;
  /** By length of code, then by value. */
  readonly symbols: Uint16Array;
  readonly scratch: Buffer;
}

let tables: Tables | undefined;

/**
 * The string whose Huffman code is bytes [start, end).
 *
 * @throws HpackError when EOS is in it, or when padding is longer than 7 bits or not all ones (RFC 7541 5.2)
 */
export function readHuffman(bytes: Uint8Array, start: number, end: number): string {
  tables ??= prepare();
  const mostOctets = Math.floor(((end - start) * 8) / LEAST_CODE_BITS);
  const out = mostOctets <= SCRATCH_BYTES ? tables.scratch : Buffer.allocUnsafe(mostOctets);
  return readLatin1(out, 0, decode(tables, bytes, start, end, out));
}

/** @returns octets written to `out` */
function decode(using: Tables, bytes: Uint8Array, start: number, end: number, out: Uint8Array): number {
  const { look } = using;
  let pos = start;
  let length = 0;
  // The lowest `held` bits of the window are read, but not decoded yet.
  let window = 0;
  let held = 0;
  for (;;) {
    while (held < LOOK_BITS && pos < end) {
      window = (window << 8) | (bytes[pos++] ?? 0);
      held += 8;
    }
    if (held < LOOK_BITS) break;
    const found = look[(window >>> (held - LOOK_BITS)) & LOOK_MASK] ?? 0;
    if (found !== 0) {
      held -= found >>> 8;
      out[length++] = found & 0xff;
      continue;
    }
    const at = pos * 8 - held;
    const long = longCode(using, bitsAt(bytes, at, end));
    const after = at + (long >>> 16);
    if ((long & 0xffff) === EOS || after > end * 8) {
      throw new HpackError('a Huffman string has EOS in it, or more than 7 bits of padding');
    }
    out[length++] = long & 0xff;
    pos = (after + 7) >>> 3;
    held = pos * 8 - after;
    window = bytes[pos - 1] ?? 0;
  }
  // Less than a full look is left: what comes behind is taken for ones, which no short code consists of.
  while (held > 0) {
    const missing = LOOK_BITS - held;
    const found = look[((window << missing) | ((1 << missing) - 1)) & LOOK_MASK] ?? 0;
    if (found === 0 || found >>> 8 > held) break;
    held -= found >>> 8;
    out[length++] = found & 0xff;
  }
  const ones = (1 << held) - 1;
  if (held > 7 || (window & ones) !== ones) {
    throw new HpackError('a Huffman string is not padded with at most 7 ones');
  }
  return length;
}

/** 32 bits from a bit position on, with ones behind the end. */
function bitsAt(bytes: Uint8Array, at: number, end: number): number {
  const first = at >>> 3;
  const octet = (offset: number): number => (first + offset < end ? (bytes[first + offset] ?? 0) : 0xff);
  const four = (octet(0) << 24) | (octet(1) << 16) | (octet(2) << 8) | octet(3);
  const shift = at & 7;
  return ((four << shift) | (octet(4) >>> (8 - shift))) >>> 0;
}

/** The code that 32 bits begin with, as length << 16 | symbol. Some code always matches: the code is complete. */
function longCode({ firstCode, codeCount, firstPlace, symbols }: Tables, bits: number): number {
  for (let length = LOOK_BITS + 1; length <= MOST_CODE_BITS; length++) {
    const offset = (bits >>> (32 - length)) - (firstCode[length] ?? 0);
    if (offset < (codeCount[length] ?? 0)) return (length << 16) | (symbols[(firstPlace[length] ?? 0) + offset] ?? EOS);
  }
  return (MOST_CODE_BITS << 16) | EOS;
}

function prepare(): Tables {
  const { bits, codes } = huffmanCode();
  const look = new Uint16Array(1 << LOOK_BITS);
  const firstCode = new Uint32Array(MOST_CODE_BITS + 1);
  const codeCount = new Uint16Array(MOST_CODE_BITS + 1);
  const firstPlace = new Uint16Array(MOST_CODE_BITS + 1);
  const symbols = Uint16Array.from(bits.keys()).sort((a, b) => (codes[a] ?? 0) - (codes[b] ?? 0));
  for (const [place, symbol] of symbols.entries()) {
    const length = bits[symbol] ?? 0;
    const code = codes[symbol] ?? 0;
    if (codeCount[length] === 0) {
      firstCode[length] = code;
      firstPlace[length] = place;
    }
    codeCount[length] = (codeCount[length] ?? 0) + 1;
    const free = LOOK_BITS - length;
    if (free >= 0) look.fill((length << 8) | symbol, code << free, (code + 1) << free);
  }
  return { look, firstCode, codeCount, firstPlace, symbols, scratch: Buffer.allocUnsafeSlow(SCRATCH_BYTES) };
}
