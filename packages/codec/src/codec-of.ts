import type { CodecType } from './codec-type.js';
import { MessageCodec } from './message-codec.js';

const codecs = new WeakMap<CodecType<never, never>, MessageCodec<never, never>>();

/** The codec of a message type, the same one for every caller. */
export function codecOf<T, P>(type: CodecType<T, P>): MessageCodec<T, P> {
  // The casts: the map holds for each type the codec made of it.
  const known = codecs.get(type as CodecType<never, never>) as unknown as MessageCodec<T, P> | undefined;
  if (known !== undefined) return known;
  const codec = new MessageCodec(type);
  codecs.set(type as CodecType<never, never>, codec as unknown as MessageCodec<never, never>);
  return codec;
}

/** The bytes of a message; `codecOf(type).encode`. Needs no more than the fields that are not at their default. */
export const encodeMessage = <T, P>(type: CodecType<T, P>, partial: P): Buffer => codecOf(type).encode(partial);

/** The message in `bytes`; `codecOf(type).decode`. */
export const decodeMessage = <T, P>(type: CodecType<T, P>, bytes: Uint8Array): T => codecOf(type).decode(bytes);
