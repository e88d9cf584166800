import { huffman } from './huffman-reader.js';
import type { Field } from './literals.js';

/** @see RFC 7541, appendix A */
const STATIC: readonly Field[] = [
  ...pairs(':authority|:method GET|:method POST|:path /|:path /index.html|:scheme http|:scheme https'),
  ...pairs(':status 200|:status 204|:status 206|:status 304|:status 400|:status 404|:status 500|accept-charset'),
  ...pairs('accept-encoding gzip, deflate|accept-language|accept-ranges|accept|access-control-allow-origin|age|allow'),
  ...pairs('authorization|cache-control|content-disposition|content-encoding|content-language|content-length'),
  ...pairs('content-location|content-range|content-type|cookie|date|etag|expect|expires|from|host|if-match'),
  ...pairs('if-modified-since|if-none-match|if-range|if-unmodified-since|last-modified|link|location|max-forwards'),
  ...pairs('proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|server|set-cookie'),
  ...pairs('strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate'),
];

function pairs(text: string): Field[] {
  return text.split('|').map((pair) => {
    const at = pair.indexOf(' ');
    return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
  });
}

/**
 * What the peer's header blocks say: written for being right by inspection, not for speed, and apart from the codec of this
 * package, so that a mistake of either shows. Values are latin1. @see RFC 7541
 */
export class HpackReader {
  private entries: Field[] = [];
  private limit = 4096;
  private block: Uint8Array = Buffer.alloc(0);
  private at = 0;

  /** @throws Error naming what is wrong with the block */
  read(block: Uint8Array): readonly Field[] {
    this.block = block;
    this.at = 0;
    const fields: Field[] = [];
    while (this.at < block.length) {
      const first = block[this.at] ?? 0;
      if (first >= 0x80) fields.push(this.entry(this.integer(7)));
      else if (first >= 0x40) fields.push(this.remember(this.literal(6)));
      else if (first < 0x20) fields.push(this.literal(4));
      else if (fields.length > 0) throw new Error('a table size update after the first field');
      else this.resize(this.integer(5));
    }
    return fields;
  }

  private literal(prefix: number): Field {
    const index = this.integer(prefix);
    return [index === 0 ? this.string() : this.entry(index)[0], this.string()];
  }

  private integer(prefix: number): number {
    const limit = 2 ** prefix - 1;
    let value = this.byte() & limit;
    if (value < limit) return value;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (value > 2 ** 31) throw new Error('an integer over 2^31');
      if (byte < 128) return value;
    }
  }

  private string(): string {
    const coded = ((this.block[this.at] ?? 0) & 0x80) !== 0;
    const length = this.integer(7);
    if (this.at + length > this.block.length) throw new Error('a string longer than its block');
    const bytes = this.block.subarray(this.at, this.at + length);
    this.at += length;
    return (coded ? huffman(bytes) : Buffer.from(bytes)).toString('latin1');
  }

  private byte(): number {
    const byte = this.block[this.at++];
    if (byte === undefined) throw new Error('a block that ends too early');
    return byte;
  }

  private entry(index: number): Field {
    const found = index === 0 ? undefined : (STATIC[index - 1] ?? this.entries[index - 1 - STATIC.length]);
    if (found === undefined) throw new Error(`an index to nothing: ${index}`);
    return found;
  }

  private remember(field: Field): Field {
    this.entries.unshift(field);
    this.evict();
    return field;
  }

  private resize(limit: number): void {
    this.limit = limit;
    this.evict();
  }

  private evict(): void {
    const size = (): number => this.entries.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
    while (size() > this.limit) this.entries.pop();
  }
}
