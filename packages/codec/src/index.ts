export type { ByteSink } from './byte-sink.js';
export { codecOf, decodeMessage, encodeMessage } from './codec-of.js';
export type { CodecType } from './codec-type.js';
export { FastReader } from './fast-reader.js';
export { FastWriter } from './fast-writer.js';
export { GrowingSink } from './growing-sink.js';
export { MessageCodec } from './message-codec.js';
