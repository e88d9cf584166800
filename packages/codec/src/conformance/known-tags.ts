import { isDeepStrictEqual } from 'node:util';
import type { CodecType } from '../codec-type.js';
import { varint, type Tag } from './random-wire.js';

/** A value behind each wire type that no field has by default, and that is a message, text and packed numbers all the same. */
const SAMPLES = [
  [0, Buffer.from([1])],
  [1, Buffer.from([1, 2, 3, 4, 5, 6, 7, 8])],
  [2, Buffer.from([2, 8, 1])],
  [3, Buffer.from([8, 1])],
  [5, Buffer.from([1, 2, 3, 4])],
] as const;
const HIGHEST = 536_870_911;

/** The tags that a type knows, found by trying: those whose value changes what is decoded, or is refused. */
export function knownTags(type: CodecType, upTo: number): readonly Tag[] {
  const numbers = [...Array.from({ length: upTo }, (_, index) => index + 1), HIGHEST];
  const nothing = type.decode(Buffer.alloc(0));
  return numbers.flatMap((number) =>
    SAMPLES.flatMap(([wireType, value]) => {
      const tag = number * 8 + wireType;
      const end = wireType === 3 ? varint(BigInt(tag + 1)) : Buffer.alloc(0);
      try {
        const decoded = type.decode(Buffer.concat([varint(BigInt(tag)), value, end]));
        return isDeepStrictEqual(decoded, nothing) ? [] : [tag];
      } catch {
        return [tag];
      }
    }),
  );
}
