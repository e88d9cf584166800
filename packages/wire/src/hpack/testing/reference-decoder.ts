import { HpackError } from '../hpack-error.js';
import { huffmanCode } from '../huffman-table.js';
import { STATIC_TABLE } from '../static-table.js';
import type { Collected } from './collect.js';

type Pair = readonly [name: string, value: string];

const fail = (message: string): never => {
  throw new HpackError(message);
};

/**
 * RFC 7541 once more, word by word and without a thought for speed: bits are text, integers have any size, the table is an
 * array. What the real decoder is compared with.
 */
export class ReferenceDecoder {
  /** Newest first. */
  readonly table: Pair[] = [];
  private capacity: number;
  private octets: number[] = [];

  constructor(private readonly maxTableBytes = 4096) {
    this.capacity = Math.min(4096, maxTableBytes);
  }

  /** The fields up to the end, or up to the error. */
  decode(block: Uint8Array): { readonly fields: Collected[]; readonly error: HpackError | undefined } {
    this.octets = [...block];
    const fields: Collected[] = [];
    try {
      while (this.octets.length > 0) this.representation(fields);
    } catch (error) {
      if (!(error instanceof HpackError)) throw error;
      return { fields, error };
    }
    return { fields, error: undefined };
  }

  private representation(fields: Collected[]): void {
    const bits = (this.octets[0] ?? 0).toString(2).padStart(8, '0');
    if (bits.startsWith('1')) {
      const [name, value] = this.entry(this.integer(7));
      fields.push({ name, value, indexed: true, sensitive: false });
    } else if (bits.startsWith('01')) {
      const [name, value] = this.literal(6);
      this.table.unshift([name, value]);
      this.evict();
      fields.push({ name, value, indexed: false, sensitive: false });
    } else if (bits.startsWith('001')) {
      if (fields.length > 0) fail('update behind a field');
      const size = this.integer(5);
      if (size > this.maxTableBytes) fail('update too large');
      this.capacity = size;
      this.evict();
    } else {
      const [name, value] = this.literal(4);
      fields.push({ name, value, indexed: false, sensitive: bits.startsWith('0001') });
    }
  }

  private evict(): void {
    const size = (): number => this.table.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
    while (size() > this.capacity) this.table.pop();
  }

  private entry(index: number): Pair {
    const field = STATIC_TABLE[index];
    if (field !== undefined) return [field.name, field.value];
    return this.table[index - 62] ?? fail('no such entry');
  }

  private literal(prefixBits: number): Pair {
    const index = this.integer(prefixBits);
    const name = index === 0 ? this.string() : this.entry(index)[0];
    return [name, this.string()];
  }

  private octet(): number {
    return this.octets.shift() ?? fail('the block ends');
  }

  private integer(prefixBits: number): number {
    const largest = 2 ** prefixBits - 1;
    const prefix = this.octet() % 2 ** prefixBits;
    if (prefix < largest) return prefix;
    let value = BigInt(largest);
    for (let place = 0n; place < 5n; place++) {
      const octet = this.octet();
      value += BigInt(octet % 128) * 128n ** place;
      if (octet < 128) return value < 2n ** 31n ? Number(value) : fail('integer too large');
    }
    return fail('integer too long');
  }

  private string(): string {
    const coded = (this.octets[0] ?? 0) >= 128;
    const length = this.integer(7);
    if (length > this.octets.length) fail('string too long');
    const octets = this.octets.splice(0, length);
    return coded ? huffman(octets) : String.fromCharCode(...octets);
  }
}

let symbolOf: Map<string, number> | undefined;

function huffman(octets: readonly number[]): string {
  symbolOf ??= bySymbol();
  let text = '';
  let bits = '';
  for (const bit of octets.map((octet) => octet.toString(2).padStart(8, '0')).join('')) {
    bits += bit;
    const symbol = symbolOf.get(bits);
    if (symbol === undefined) continue;
    if (symbol === 256) fail('EOS');
    text += String.fromCharCode(symbol);
    bits = '';
  }
  return /^1{0,7}$/.test(bits) ? text : fail('padding');
}

function bySymbol(): Map<string, number> {
  const { bits, codes } = huffmanCode();
  return new Map([...codes].map((code, symbol) => [code.toString(2).padStart(bits[symbol] ?? 0, '0'), symbol]));
}
