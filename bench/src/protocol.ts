import type { Usage } from './measure/usage.js';
import type { SliceResult } from './measure/slice.js';

/** What a process of a pair holds in memory, after a garbage collection. */
export interface Footprint {
  readonly rssBytes: number;
}

/** What the parent asks of a process. Both sides measure their own usage between `begin` and `end`. */
export type ToChild =
  | { readonly ask: 'begin' }
  | { readonly ask: 'end' }
  /** Client only: one slice of the load. */
  | { readonly ask: 'slice'; readonly sliceMs: number }
  /** Client only: open so many silent connections, and streams on each, beside what is open. */
  | { readonly ask: 'open'; readonly connections: number; readonly streamsPerConnection: number }
  /** Collect garbage and tell what is left. */
  | { readonly ask: 'footprint' }
  | { readonly ask: 'stop' };

export type FromChild =
  | { readonly told: 'ready'; readonly port: number }
  | { readonly told: 'begun' }
  | { readonly told: 'usage'; readonly usage: Usage }
  | { readonly told: 'slice'; readonly result: SliceResult }
  | { readonly told: 'opened' }
  | { readonly told: 'footprint'; readonly footprint: Footprint }
  | { readonly told: 'failed'; readonly message: string };
