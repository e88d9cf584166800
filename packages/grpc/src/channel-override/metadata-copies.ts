import { Metadata as GrpcMetadata } from '@grpc/grpc-js';
import { Metadata, type MetadataEntry } from '@breakwater/core';
import { toBuffer } from '@breakwater/rpc/transport-kit';
import { valuesOf } from '../transport/incoming-metadata.js';

/** Headers that the transport sets itself; grpc-js too overwrites or drops what an application writes there. */
const OWN_KEYS: ReadonlySet<string> = new Set([
  'accept-encoding',
  'content-type',
  'grpc-accept-encoding',
  'grpc-encoding',
  'grpc-timeout',
  'te',
  'user-agent',
]);

/** An application's metadata as ours. A copy, bytes included: the application may go on writing to its own. */
export function requestMetadata(metadata: GrpcMetadata): Metadata {
  const values = valuesOf(metadata);
  if (values.size === 0) return Metadata.EMPTY;
  const entries: MetadataEntry[] = [];
  for (const [key, list] of values) {
    if (key.startsWith(':') || OWN_KEYS.has(key)) continue;
    for (const value of list) entries.push([key, typeof value === 'string' ? value : Buffer.from(value)]);
  }
  return Metadata.fromEntries(entries);
}

/** Received metadata as grpc-js'. Entries that grpc-js holds to be illegal are left out, as it does itself. */
export function receivedMetadata(metadata: Metadata): GrpcMetadata {
  const copy = new GrpcMetadata();
  if (metadata === Metadata.EMPTY) return copy;
  for (const [key, value] of metadata) {
    try {
      copy.add(key, typeof value === 'string' ? value : toBuffer(value));
    } catch {
      // Such a value would cost the connection if the application sent it on.
    }
  }
  return copy;
}
