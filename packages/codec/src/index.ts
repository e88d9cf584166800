export type { ByteSink } from './byte-sink.js';
