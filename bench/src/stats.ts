/** The middle value (mean of the two middle ones for an even number). */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** A median with its confidence interval. */
export interface Estimate {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The median of independent values with its 95 % confidence interval by order statistics: no assumption about the
 * distribution but that the values are independent. With fewer than six values the interval is the whole range.
 */
export function estimate(values: readonly number[]): Estimate {
  const sorted = values.toSorted((a, b) => a - b);
  const n = sorted.length;
  let tail = 0;
  let rank = 0;
  for (let probability = 0.5 ** n; tail + probability <= 0.025 && rank < n / 2; rank++) {
    tail += probability;
    probability = (probability * (n - rank)) / (rank + 1);
  }
  const index = Math.max(0, rank - 1);
  return { median: median(sorted), low: sorted[index] ?? Number.NaN, high: sorted[n - 1 - index] ?? Number.NaN };
}
