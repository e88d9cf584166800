export type { ByteSink } from './byte-sink.js';
import type { ByteSink } from './byte-sink.js';
export interface MessageCodec {
  encodeInto(m: unknown, s: ByteSink): void;
  decode(b: Uint8Array, s?: number, e?: number): unknown;
}
