import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import { SinkWriter } from './wire/sink-writer.js';

/** A writer to give to generated code: `Order.encode(order, writer).finish()`. */
export type FastWriter = BinaryWriter;

/**
 * Writes the bytes that BinaryWriter writes and refuses what it refuses, with the same errors; besides that only what is given
 * for bytes and is none (an ArrayBuffer, a Uint16Array), of which BinaryWriter makes a broken message.
 *
 * `finish()` gives a Buffer of its own and empties the writer, so one will do for all messages that are written one after the
 * other. After an error call `finish()` as well: half a message is still in it.
 */
// The cast: to TypeScript only a class that declares the private fields of BinaryWriter is one.
export const FastWriter = SinkWriter as unknown as new () => FastWriter;
