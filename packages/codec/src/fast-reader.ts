import type { BinaryReader } from '@bufbuild/protobuf/wire';
import { WindowReader } from './wire/window-reader.js';

/** A reader to give to generated code: `Order.decode(new FastReader(chunk, start, end))`. */
export type FastReader = BinaryReader;

/**
 * Reads `bytes[start, end)`, by default all of them, as BinaryReader reads an array: the same values and the same errors, and
 * never a byte outside. Generated code knows it by `instanceof BinaryReader`. `pos` and `len` count from the start of `bytes`.
 *
 * What `bytes()` gives is no copy but lies in the memory of `bytes`, as with BinaryReader.
 *
 * @throws RangeError when the window is not within `bytes`
 */
// The cast: to TypeScript only a class that declares the private fields of BinaryReader is one.
export const FastReader = WindowReader as unknown as new (
  bytes: Uint8Array,
  start?: number,
  end?: number,
) => FastReader;
