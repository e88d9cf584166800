import { Metadata as GrpcMetadata } from '@grpc/grpc-js';
import type { Metadata } from '@breakwater/core';
import { toBuffer } from '@breakwater/rpc/transport-kit';
import { incoming } from '../transport/incoming-metadata.js';
import { type DispatchObserver } from '../transport/outgoing-metadata.js';

const originals = new WeakMap<Metadata, GrpcMetadata>();

/** grpc-js metadata as ours; `toGrpc` gives the very same object back while nobody has derived from it. */
export function fromGrpc(metadata: GrpcMetadata): Metadata {
  const converted = incoming(metadata);
  if (converted.size > 0) originals.set(converted, metadata);
  return converted;
}

/** Our metadata as grpc-js'. */
export function toGrpc(metadata: Metadata): GrpcMetadata {
  const original = originals.get(metadata);
  if (original !== undefined) return original;
  const converted = new GrpcMetadata();
  for (const [key, value] of metadata) converted.add(key, typeof value === 'string' ? value : toBuffer(value));
  return converted;
}

/** Metadata of one attempt of an application's call: copies keep telling the observer what becomes of the call. */
export class ObservedMetadata extends GrpcMetadata {
  constructor(
    source: GrpcMetadata,
    private readonly observer: DispatchObserver,
  ) {
    super(source.getOptions());
    this.merge(source);
  }

  override clone(): GrpcMetadata {
    this.observer.onPick();
    return new ObservedMetadata(this, this.observer);
  }

  override toHttp2Headers(): ReturnType<GrpcMetadata['toHttp2Headers']> {
    this.observer.onDispatch();
    return super.toHttp2Headers();
  }
}
