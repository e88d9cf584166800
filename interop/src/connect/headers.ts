import { Metadata, type MetadataEntry } from '@breakwater/core';

/** A key with its values, as the protos of the suite carry headers: bytes as base64. */
export interface Header {
  readonly name: string;
  readonly value: readonly string[];
}

/** The suite's headers as metadata. */
export const toMetadata = (headers: readonly Header[]): Metadata =>
  Metadata.fromEntries(
    headers.flatMap(({ name, value }) => {
      const key = name.toLowerCase();
      return value.map((one): MetadataEntry => [key, key.endsWith('-bin') ? Buffer.from(one, 'base64') : one]);
    }),
  );

/** Metadata as the suite's headers: one for each key, in the order of first appearance. */
export function toHeaders(metadata: Metadata | undefined): { name: string; value: string[] }[] {
  const values = new Map<string, string[]>();
  for (const [key, value] of metadata ?? []) {
    const text = typeof value === 'string' ? value : Buffer.from(value).toString('base64').replace(/=+$/, '');
    const before = values.get(key);
    if (before === undefined) values.set(key, [text]);
    else before.push(text);
  }
  return [...values].map(([name, value]) => ({ name, value }));
}
