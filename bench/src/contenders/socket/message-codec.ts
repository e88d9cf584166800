import * as codec from '@breakwater/codec';
import type { MessageType } from '@breakwater/rpc';

/** Writes messages of one type where they are sent from, and reads them where they have arrived. */
export interface InPlaceCodec<T, P> {
  encodeInto(partial: P, sink: codec.ByteSink): void;
  decode(bytes: Uint8Array, start: number, end: number): T;
}

/** What `@breakwater/codec` exports, once it does. */
const { codecOf } = codec as { readonly codecOf?: <T, P>(type: MessageType<T, P>) => InPlaceCodec<T, P> };

/** Whether the codec is faster than ts-proto as it comes. */
export const hasFastCodec = codecOf !== undefined;

/** The codec that our transports use; ts-proto's own while there is no other. */
export function inPlaceCodec<T, P>(type: MessageType<T, P>): InPlaceCodec<T, P> {
  if (codecOf !== undefined) return codecOf(type);
  return {
    encodeInto: (partial, sink) => {
      const bytes = type.encode(type.fromPartial(partial)).finish();
      sink.reserve(bytes.length);
      sink.bytes.set(bytes, sink.pos);
      sink.pos += bytes.length;
    },
    decode: (bytes, start, end) => type.decode(bytes.subarray(start, end)),
  };
}
