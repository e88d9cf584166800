/** Name and value, as they go into a header block. Characters are bytes (latin1), so that any byte can be sent. */
export type Field = readonly [name: string, value: string];

/**
 * An HPACK integer. @param prefix bits that are left in the first byte @param first the bits in front of them
 * @see RFC 7541, section 5.1
 */
export function integer(value: number, prefix: number, first = 0): Buffer {
  const limit = 2 ** prefix - 1;
  if (value < limit) return Buffer.from([first | value]);
  const bytes = [first | limit];
  let rest = value - limit;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** A string literal without Huffman coding. */
export function string(text: string | Uint8Array): Buffer {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
  return Buffer.concat([integer(bytes.length, 7), bytes]);
}

/** One field, literally: no table, no Huffman. */
export const literal = ([name, value]: Field): Buffer => Buffer.concat([Buffer.from([0]), string(name), string(value)]);

/** A whole header block of literals. What an endpoint understands of it depends on nothing that was sent before. */
export const literals = (fields: readonly Field[]): Buffer => Buffer.concat(fields.map(literal));

/** One field that also goes into the dynamic table. */
export const remembered = ([name, value]: Field): Buffer =>
  Buffer.concat([Buffer.from([0x40]), string(name), string(value)]);

/** A reference to an entry of the tables; the newest of the dynamic one is 62. */
export const indexed = (index: number): Buffer => integer(index, 7, 0x80);

/** A dynamic table size update; legal only in front of the fields. */
export const tableSize = (bytes: number): Buffer => integer(bytes, 5, 0x20);
