const { fromCharCode } = String;

/** The longest text that is worth it: a call into native code costs as much for 13 characters, and what is added up becomes a rope. */
export const SHORT_TEXT = 12;

/** The text of at most `SHORT_TEXT` bytes, or undefined when they are not all ASCII. The fewer steps, the faster. */
export function readShortText(bytes: Uint8Array, start: number, length: number): string | undefined {
  let text = '';
  let bits = 0;
  let at = start;
  if ((length & 8) !== 0) {
    const a = bytes[at] ?? 0;
    const b = bytes[at + 1] ?? 0;
    const c = bytes[at + 2] ?? 0;
    const d = bytes[at + 3] ?? 0;
    const e = bytes[at + 4] ?? 0;
    const f = bytes[at + 5] ?? 0;
    const g = bytes[at + 6] ?? 0;
    const h = bytes[at + 7] ?? 0;
    bits = a | b | c | d | e | f | g | h;
    text = fromCharCode(a, b, c, d, e, f, g, h);
    at += 8;
  }
  if ((length & 4) !== 0) {
    const a = bytes[at] ?? 0;
    const b = bytes[at + 1] ?? 0;
    const c = bytes[at + 2] ?? 0;
    const d = bytes[at + 3] ?? 0;
    bits |= a | b | c | d;
    text += fromCharCode(a, b, c, d);
    at += 4;
  }
  if ((length & 2) !== 0) {
    const a = bytes[at] ?? 0;
    const b = bytes[at + 1] ?? 0;
    bits |= a | b;
    text += fromCharCode(a, b);
    at += 2;
  }
  if ((length & 1) !== 0) {
    const a = bytes[at] ?? 0;
    bits |= a;
    text += fromCharCode(a);
  }
  return bits < 0x80 ? text : undefined;
}
