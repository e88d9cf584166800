import type { HpackDecoder } from '../hpack-decoder.js';

/** A decoded field; `indexed` when the block referred to a table entry. */
export interface Collected {
  readonly name: string;
  readonly value: string;
  readonly indexed: boolean;
  readonly sensitive: boolean;
}

/** Decodes a whole block with bytes around it that are none of the decoder's business. */
export function collect(decoder: HpackDecoder, block: Uint8Array): Collected[] {
  const fields: Collected[] = [];
  const around = Buffer.concat([Buffer.alloc(3, 0x82), block, Buffer.alloc(40, 0x82)]);
  decoder.decode(around, 3, 3 + block.length, {
    onHeader: (_nameId, name, value, field, sensitive) => {
      fields.push({ name, value, indexed: field !== undefined, sensitive });
    },
  });
  return fields;
}

/** Only names and values. */
export function collectPairs(decoder: HpackDecoder, block: Uint8Array): string[][] {
  return collect(decoder, block).map(({ name, value }) => [name, value]);
}
