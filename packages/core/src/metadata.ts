import { ConfigError } from './config-error.js';

/** Text for ordinary keys, bytes for keys that end in `-bin`. */
export type MetadataValue = string | Uint8Array;
/** One key with one value; a key with several values has several entries, in order. */
export type MetadataEntry = readonly [key: string, value: MetadataValue];
/** What application code may write where metadata is expected. */
export type MetadataInit = Metadata | Readonly<Record<string, MetadataValue | readonly MetadataValue[]>>;

const LEGAL_KEY = /^[0-9a-z_.-]+$/;
const LEGAL_TEXT = /^[\x20-\x7e]*$/;

/**
 * Key-value headers or trailers. Immutable: `with`, `append`, `without` and `merge` return a new object.
 * Keys are lower-case; order and duplicates are kept. A transport may hand in a loader, which runs at the first look.
 *
 * @throws ConfigError when a key has characters outside `0-9 a-z _ . -`, starts with `grpc-` while given by an
 * application (`Metadata.of`), or when a value is not printable ASCII (text) or bytes (`-bin`)
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md, "Custom-Metadata"
 */
export class Metadata implements Iterable<MetadataEntry> {
  /** No entries. Shared; compare with `===` for a cheap emptiness test. */
  static readonly EMPTY: Metadata = new Metadata([]);

  private list: readonly MetadataEntry[] | undefined;
  private load: (() => readonly MetadataEntry[]) | undefined;

  private constructor(list: readonly MetadataEntry[] | undefined, load?: () => readonly MetadataEntry[]) {
    this.list = list;
    this.load = load;
  }

  /** Checked metadata from application code. A value may be a list for a repeated key. */
  static of(init: MetadataInit): Metadata {
    if (init instanceof Metadata) return init;
    const entries: MetadataEntry[] = [];
    for (const [rawKey, value] of Object.entries(init)) {
      const key = rawKey.toLowerCase();
      for (const one of Array.isArray(value) ? (value as readonly MetadataValue[]) : [value as MetadataValue]) {
        checkEntry(key, one);
        entries.push([key, one]);
      }
    }
    return entries.length === 0 ? Metadata.EMPTY : new Metadata(entries);
  }

  /** Unchecked: for transports, whose library has checked already. Keys must be lower-case. */
  static fromEntries(entries: readonly MetadataEntry[]): Metadata {
    return entries.length === 0 ? Metadata.EMPTY : new Metadata(entries);
  }

  /** Unchecked and read at first use: received metadata that nobody looks at costs nothing. */
  static lazy(load: () => readonly MetadataEntry[]): Metadata {
    return new Metadata(undefined, load);
  }

  private entries(): readonly MetadataEntry[] {
    if (this.list === undefined) {
      this.list = this.load?.() ?? [];
      this.load = undefined;
    }
    return this.list;
  }

  get size(): number {
    return this.entries().length;
  }

  /** The first value of `key` (lower-case). */
  get(key: string): MetadataValue | undefined {
    for (const entry of this.entries()) if (entry[0] === key) return entry[1];
    return undefined;
  }

  /** The first value of `key` when it is text. */
  getText(key: string): string | undefined {
    const value = this.get(key);
    return typeof value === 'string' ? value : undefined;
  }

  getAll(key: string): MetadataValue[] {
    const found: MetadataValue[] = [];
    for (const entry of this.entries()) if (entry[0] === key) found.push(entry[1]);
    return found;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** All entries but those of `key`, then this one. */
  with(key: string, value: MetadataValue): Metadata {
    return new Metadata([...this.entries().filter((entry) => entry[0] !== key), [key, value]]);
  }

  /** All entries, then this one. */
  append(key: string, value: MetadataValue): Metadata {
    return new Metadata([...this.entries(), [key, value]]);
  }

  without(key: string): Metadata {
    return this.has(key) ? Metadata.fromEntries(this.entries().filter((entry) => entry[0] !== key)) : this;
  }

  /** All entries of both; nothing is replaced. */
  merge(other: Metadata): Metadata {
    if (other === Metadata.EMPTY) return this;
    if (this === Metadata.EMPTY) return other;
    return Metadata.fromEntries([...this.entries(), ...other.entries()]);
  }

  [Symbol.iterator](): Iterator<MetadataEntry> {
    return this.entries()[Symbol.iterator]();
  }

  /** For logs and tests: repeated keys become lists, bytes become base64. */
  toJSON(): Record<string, string | string[]> {
    // A map first: a key such as __proto__ is legal on the wire.
    const plain = new Map<string, string | string[]>();
    for (const [key, value] of this.entries()) {
      const text = typeof value === 'string' ? value : Buffer.from(value).toString('base64');
      const before = plain.get(key);
      plain.set(key, before === undefined ? text : Array.isArray(before) ? [...before, text] : [before, text]);
    }
    return Object.fromEntries(plain);
  }
}

function checkEntry(key: string, value: MetadataValue): void {
  const field = `metadata["${key}"]`;
  if (!LEGAL_KEY.test(key)) {
    throw new ConfigError(field, key, 'a key of the characters 0-9 a-z _ . -');
  }
  if (key.startsWith('grpc-')) {
    throw new ConfigError(field, key, 'a key that does not start with "grpc-" (reserved for the protocol)');
  }
  if (key.endsWith('-bin')) {
    if (!(value instanceof Uint8Array))
      throw new ConfigError(field, value, 'bytes (Uint8Array), as the key ends in "-bin"');
  } else if (typeof value !== 'string' || !LEGAL_TEXT.test(value)) {
    throw new ConfigError(field, value, 'printable ASCII text; use a key ending in "-bin" for bytes or other text');
  }
}
