/**
 * The part of a ts-proto message object that encoding and decoding need; what other tools and hands make in this shape will do.
 * `P` is what `fromPartial` takes, the deep partial of `T`. Methods, not properties: they are compared loosely.
 */
export interface CodecType<T = unknown, P = unknown> {
  /** Generated code writes to `writer`, when there is one, and returns it. */
  encode(message: T, writer?: unknown): { finish(): Uint8Array };
  /** Generated code takes a reader as well, and then reads up to its end or `length` bytes. */
  decode(input: Uint8Array, length?: number): T;
  fromPartial(partial: P): T;
}
