import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ByteSink } from '@breakwater/codec';
import { METADATA, TIMEOUT_MS } from '../../contenders/workload.js';
import { type Case, syncCase } from '../case.js';

/** HPACK is internal to the wire package: there is no other way to it than by its file. */
const built = (file: string): URL => new URL(`../../../../packages/wire/dist/hpack/${file}`, import.meta.url);

interface Encoder {
  begin(sink: ByteSink): void;
  group(group: unknown, sink: ByteSink): void;
  literal(name: string, value: string, sink: ByteSink): void;
}

interface Decoder {
  decode(bytes: Uint8Array, start: number, end: number, sink: { onHeader(): void }): void;
}

interface Hpack {
  readonly HpackEncoder: new () => Encoder;
  readonly HpackDecoder: new () => Decoder;
  readonly HeaderField: new (name: string, value: string) => unknown;
  readonly HeaderGroup: new (fields: readonly unknown[]) => unknown;
}

const FILES = ['hpack-encoder.js', 'hpack-decoder.js', 'header-field.js', 'header-group.js'];

/** The header block of a request as a connection sends it over and over; none while the wire package has no HPACK. */
export async function hpackCases(): Promise<readonly Case[]> {
  if (!FILES.every((file) => existsSync(fileURLToPath(built(file))))) return [];
  const modules = await Promise.all(FILES.map((file) => import(built(file).href) as Promise<Partial<Hpack>>));
  const { HpackEncoder, HpackDecoder, HeaderField, HeaderGroup } = Object.assign({}, ...modules) as Hpack;
  const bytes = Buffer.allocUnsafeSlow(16 * 1024);
  const sink: ByteSink = { bytes, pos: 0, reserve: () => {} };
  const fields = {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': '/shop.payments.v1.Payments/Authorize',
    ':authority': 'payments',
    te: 'trailers',
    'content-type': 'application/grpc',
  };
  const group = new HeaderGroup(Object.entries(fields).map(([name, value]) => new HeaderField(name, value)));
  const encoder = new HpackEncoder();
  const encode = (): void => {
    sink.pos = 0;
    encoder.begin(sink);
    encoder.group(group, sink);
    encoder.literal('grpc-timeout', `${TIMEOUT_MS}m`, sink);
    for (const [name, value] of Object.entries(METADATA)) encoder.literal(name, value, sink);
  };
  const decoder = new HpackDecoder();
  const headers = { onHeader: () => {} };
  // The first blocks fill the tables: those that come after them are what connections are made of.
  for (let block = 0; block < 3; block += 1) {
    encode();
    decoder.decode(bytes, 0, sink.pos, headers);
  }
  const steady = Buffer.from(bytes.subarray(0, sink.pos));
  return [
    syncCase('hpack: encode request headers', encode),
    syncCase('hpack: decode request headers', () => decoder.decode(steady, 0, steady.length, headers)),
  ];
}
