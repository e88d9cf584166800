import { huffmanBytes, writeHuffman } from './huffman-encode.js';
import { writeLatin1 } from './latin1.js';

/** Room for the integers of one field: index and two lengths, each of at most 6 octets. */
export const FIELD_OVERHEAD_BYTES = 18;

/**
 * Writes an integer (RFC 7541 5.1).
 *
 * @param flags the bits above the prefix
 * @param mask the bits of the prefix
 * @returns the position behind
 */
export function writeInteger(bytes: Uint8Array, at: number, flags: number, mask: number, value: number): number {
  if (value < mask) {
    bytes[at] = flags | value;
    return at + 1;
  }
  bytes[at] = flags | mask;
  let pos = at + 1;
  let rest = value - mask;
  for (; rest >= 0x80; rest >>>= 7) bytes[pos++] = (rest & 0x7f) | 0x80;
  bytes[pos] = rest;
  return pos + 1;
}

/** Writes a string as it is (RFC 7541 5.2). @returns the position behind */
export function writeRaw(bytes: Uint8Array, at: number, text: string): number {
  return writeLatin1(bytes, writeInteger(bytes, at, 0, 0x7f, text.length), text);
}

/** Writes a string in the shorter of both forms, as it is when both are equal. @returns the position behind */
export function writeShortest(bytes: Uint8Array, at: number, text: string): number {
  const length = huffmanBytes(text);
  if (length >= text.length) return writeRaw(bytes, at, text);
  return writeHuffman(bytes, writeInteger(bytes, at, 0x80, 0x7f, length), text);
}
