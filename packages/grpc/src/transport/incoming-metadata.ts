import { Metadata as GrpcMetadata } from '@grpc/grpc-js';
import { Metadata, type MetadataEntry } from '@breakwater/core';

/** Headers of the transport itself, which the application has not sent. */
const TRANSPORT_KEYS: ReadonlySet<string> = new Set([
  'accept-encoding',
  'content-type',
  'date',
  'grpc-accept-encoding',
  'grpc-encoding',
  'grpc-message',
  'grpc-status',
  'grpc-timeout',
  'te',
]);

/** The entries of grpc-js metadata by key. */
export type Values = ReadonlyMap<string, readonly (string | Buffer)[]>;

/** Reads the map that the base class keeps, without the copy that `toJSON` makes. */
class Reader extends GrpcMetadata {
  static valuesOf(metadata: GrpcMetadata): Values {
    // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- a protected field of the base class is open to this one only
    return (metadata as Reader).internalRepr;
  }
}

/** The live map inside grpc-js metadata: to be read at once, or copied. */
export const valuesOf = (metadata: GrpcMetadata): Values => Reader.valuesOf(metadata);

/** Received grpc-js metadata as ours, without the transport's own headers; converted when somebody looks. */
export function incoming(metadata: GrpcMetadata): Metadata {
  const values = Reader.valuesOf(metadata);
  return values.size === 0 ? Metadata.EMPTY : Metadata.lazy(() => entriesOf(values));
}

/** Size of a received header list as HTTP/2 counts it: name + value + 32 for each. */
export function headerListBytes(metadata: GrpcMetadata): number {
  let bytes = 0;
  for (const [key, values] of Reader.valuesOf(metadata)) {
    for (const value of values) {
      // Bytes arrive as base64: four characters for three bytes.
      bytes += key.length + 32 + (typeof value === 'string' ? value.length : Math.ceil((value.length * 4) / 3));
    }
  }
  return bytes;
}

/** What a peer says it sends, such as `application/grpc+proto` or `text/html`. */
export function contentTypeOf(metadata: GrpcMetadata): string | undefined {
  return Reader.valuesOf(metadata).get('content-type')?.[0]?.toString();
}

/** Whether grpc-js made this itself: every status that a peer sent carries at least one header of the transport. */
export const isEmpty = (metadata: GrpcMetadata): boolean => Reader.valuesOf(metadata).size === 0;

function entriesOf(values: Values): readonly MetadataEntry[] {
  const entries: MetadataEntry[] = [];
  for (const [key, list] of values) {
    if (TRANSPORT_KEYS.has(key)) continue;
    for (const value of list) entries.push([key, value]);
  }
  return entries;
}
