/** End of string: its bits pad the last octet, but it is never sent (RFC 7541 5.2). */
export const EOS = 256;
/** Bits of the shortest codes. */
export const LEAST_CODE_BITS = 5;
/** Bits of the longest codes. */
export const MOST_CODE_BITS = 30;

/** Code lengths by symbol: `a` is 5 bits, `z` 30. Codes ascend by length, then by symbol, so lengths say it all (RFC 7541 Appendix B). */
const LENGTHS =
  'isxxxxxxxtzxxzxxxxxxxxzxxxxxxxxxbffhibdgffdgdbbbaaabbbbbbbcdkbhf' +
  'ibccccccccccccccccccccccdcdioijbkabababbbaccbbbabcbaabccccckgjix' +
  'prpprrrsrssssststtrstssssqrsrsstrqprrssqsrrtqrssqqrqsrssprrrsrrs' +
  'vvporsruvvvwwvtuoqvwwvwtqqvvxwwwptpqrqqsrruuttvsvwvvwwwwwxwwwwwvz';

/** The code of RFC 7541 Appendix B. */
export interface HuffmanCode {
  /** Bits of each symbol's code. */
  readonly bits: Uint8Array;
  /** Each symbol's code, in its lowest `bits`. */
  readonly codes: Uint32Array;
}

let code: HuffmanCode | undefined;

/** Made at first use. */
export function huffmanCode(): HuffmanCode {
  code ??= assign();
  return code;
}

function assign(): HuffmanCode {
  const bits = Uint8Array.from(LENGTHS, (letter) => letter.charCodeAt(0) - 97 + LEAST_CODE_BITS);
  const codes = new Uint32Array(bits.length);
  let next = 0;
  for (let length = LEAST_CODE_BITS; length <= MOST_CODE_BITS; length++) {
    next *= 2;
    for (let symbol = 0; symbol < bits.length; symbol++) if (bits[symbol] === length) codes[symbol] = next++;
  }
  return { bits, codes };
}
