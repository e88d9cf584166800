/** The value that `ratio` of the samples do not exceed (nearest rank); undefined without samples. */
export function percentile(samples: readonly number[], ratio: number): number | undefined {
  if (samples.length === 0) return undefined;
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(ratio * sorted.length) - 1))];
}
