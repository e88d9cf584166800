/** Printable ASCII without `%`: the same on the wire. */
const PLAIN = /^[\x20-\x24\x26-\x7e]*$/;

/** The value of `grpc-message`: UTF-8, everything but printable ASCII escaped as `%XX`. @see gRPC PROTOCOL-HTTP2 */
export function percentEncode(text: string): string {
  if (PLAIN.test(text) && !text.startsWith(' ') && !text.endsWith(' ')) return text;
  let encoded = '';
  const bytes = Buffer.from(text, 'utf8');
  for (const [index, byte] of bytes.entries()) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    // A header with white space at an end is malformed in HTTP/2: the peer would drop it, or the whole status.
    const atEnd = byte === 0x20 && (index === 0 || index === bytes.length - 1);
    encoded += isPlain && !atEnd ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

/** The inverse. What is no escape stays as it is: a broken message must not hide the status. @param text latin1 */
export function percentDecode(text: string): string {
  if (PLAIN.test(text)) return text;
  const bytes = Buffer.from(text, 'latin1');
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const escaped = bytes[at] === 0x25 ? Number.parseInt(text.slice(at + 1, at + 3), 16) : Number.NaN;
    const isEscape = /^%[0-9a-fA-F]{2}$/.test(text.slice(at, at + 3));
    bytes[length++] = isEscape ? escaped : (bytes[at] as number);
    if (isEscape) at += 2;
  }
  return bytes.toString('utf8', 0, length);
}
