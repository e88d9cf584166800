import type { Random } from '@breakwater/core';

/** The shape of the waits between attempts. */
export interface Backoff {
  readonly initialBackoffMs: number;
  readonly backoffMultiplier: number;
  readonly maxBackoffMs: number;
}

/**
 * The wait before retry number `retry` (1 is the first), in ms: `min(initial * multiplier^(retry-1), max)` times a
 * random factor from 0.8 to 1.2, so that callers that failed together do not come back together.
 * @see gRFC A6
 */
export function backoffMs(retry: number, backoff: Backoff, random: Random): number {
  const exponential = backoff.initialBackoffMs * backoff.backoffMultiplier ** (retry - 1);
  return Math.min(exponential, backoff.maxBackoffMs) * (0.8 + 0.4 * random.next());
}
