/** What the parent asks of a client process. */
export interface SliceRequest {
  readonly calls: number;
  readonly concurrency: number;
}

/** What one slice of load came to. Times in microseconds unless named otherwise. */
export interface SliceResult {
  readonly wallUs: number;
  /** CPU of the whole client process during the slice, all threads. */
  readonly cpuUs: number;
  readonly failed: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

export type ToChild =
  | { readonly ask: 'slice'; readonly slice: SliceRequest }
  | { readonly ask: 'cpu' }
  | { readonly ask: 'stop' };
export type FromChild =
  | { readonly told: 'ready'; readonly port: number }
  | { readonly told: 'slice'; readonly result: SliceResult }
  /** CPU used since the process began. */
  | { readonly told: 'cpu'; readonly cpuUs: number }
  | { readonly told: 'failed'; readonly message: string };
