import { Metadata, type MetadataEntry } from '@breakwater/core';
import type { ByteSink } from '@breakwater/codec';
import { toBuffer } from '@breakwater/rpc/transport-kit';
import type { HpackEncoder } from '../hpack/hpack-encoder.js';

/** What belongs to the transport: an application's values for these are not sent. */
const OURS: ReadonlySet<string> = new Set([
  'content-type',
  'te',
  'user-agent',
  'grpc-encoding',
  'grpc-accept-encoding',
]);
/** Not allowed in HTTP/2. @see RFC 9113, section 8.2.2 */
const FORBIDDEN: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** Received fields (name, value, name, value) as metadata, converted when somebody looks. */
export const toMetadata = (entries: string[] | undefined): Metadata =>
  entries === undefined ? Metadata.EMPTY : Metadata.lazy(() => convert(entries));

function convert(entries: readonly string[]): readonly MetadataEntry[] {
  const converted: MetadataEntry[] = [];
  for (let index = 0; index < entries.length; index += 2) {
    const name = entries[index] as string;
    const value = entries[index + 1] as string;
    if (!name.endsWith('-bin')) converted.push([name, value]);
    // Peers and proxies may join the values of a repeated key; base64 has no comma.
    else for (const one of value.split(',')) converted.push([name, Buffer.from(one.trim(), 'base64')]);
  }
  return converted;
}

/** Lower-case tokens. @see RFC 9113, section 8.2.1 */
const KEY = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** Of all others only the low octet would be sent. @see RFC 9110, section 5.5 */
const TEXT = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Size of the header list as HTTP/2 counts it. @throws TypeError for a key or a text that HTTP/2 does not allow */
export function headerListBytes(metadata: Metadata): number {
  let bytes = 0;
  for (const [key, value] of metadata) {
    if (FORBIDDEN.has(key) || !KEY.test(key)) throw new TypeError(`metadata key "${key}" is not allowed in HTTP/2`);
    if (typeof value !== 'string') bytes += key.length + 32 + Math.ceil((value.length * 4) / 3);
    else if (TEXT.test(value)) bytes += key.length + 32 + value.length;
    else throw new TypeError(`the value of metadata key "${key}" has characters that are not allowed in HTTP/2`);
  }
  return bytes;
}

/** Writes metadata that `headerListBytes` has let pass. */
export function writeMetadata(metadata: Metadata, encoder: HpackEncoder, sink: ByteSink): void {
  if (metadata === Metadata.EMPTY) return;
  for (const [key, value] of metadata) {
    if (OURS.has(key)) continue;
    // White space at an end would make the whole head malformed; gRPC lets it be stripped. RFC 9113, section 8.2.1.
    encoder.literal(key, typeof value === 'string' ? value.trim() : base64(value), sink);
  }
}

/** Without padding, as gRPC asks. */
const base64 = (bytes: Uint8Array): string => toBuffer(bytes).toString('base64').replace(/=+$/, '');
