import { huffmanCode } from './huffman-table.js';

/** Octets of `text` in Huffman code, with padding. */
export function huffmanBytes(text: string): number {
  const { bits } = huffmanCode();
  let sum = 0;
  for (let i = 0; i < text.length; i++) sum += bits[text.charCodeAt(i) & 0xff] ?? 0;
  return (sum + 7) >>> 3;
}

/** Writes `text` in Huffman code, padded with ones (RFC 7541 5.2). @returns the position behind */
export function writeHuffman(bytes: Uint8Array, at: number, text: string): number {
  const { bits, codes } = huffmanCode();
  let pos = at;
  // The lowest `held` bits wait for an octet to fill; at most 7 do when a code is added.
  let window = 0;
  let held = 0;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i) & 0xff;
    let length = bits[symbol] ?? 0;
    const code = codes[symbol] ?? 0;
    if (length > 24) {
      // Too long to add in one go: 7 + 30 bits are more than the window has.
      length -= 16;
      window = (window << length) | (code >>> 16);
      held += length;
      while (held >= 8) bytes[pos++] = window >>> (held -= 8);
      length = 16;
      window = (window << 16) | (code & 0xffff);
    } else {
      window = (window << length) | code;
    }
    held += length;
    while (held >= 8) bytes[pos++] = window >>> (held -= 8);
  }
  if (held > 0) bytes[pos++] = (window << (8 - held)) | (0xff >>> held);
  return pos;
}
