/** What one case came to. */
export interface CaseResult {
  readonly name: string;
  readonly ns: number;
  /** Time in units of the reference loop of the same moments: what a slow machine does to both cancels out. */
  readonly ratio: number;
  /** Allocated per call, on the heap and as buffers. */
  readonly bytes: number;
}

/** What a measuring process tells its parent. */
export type FromMicro =
  | { readonly told: 'results'; readonly results: readonly CaseResult[] }
  | { readonly told: 'failed'; readonly message: string };
