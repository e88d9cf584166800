import { requireNumber } from '@breakwater/core';

/** Settings of a `LoopPacer`. */
export interface LoopPacerOptions {
  /** Reads in a row that are not held back. */
  readonly burst: number;
  /** Time per read while reads bring news, ms. */
  readonly minIntervalMs: number;
  /** Time per read when they never do, ms. */
  readonly maxIntervalMs: number;
}

export const DEFAULT_PACE: LoopPacerOptions = { burst: 2, minIntervalMs: 250, maxIntervalMs: 15_000 };

/**
 * Keeps a blocking-query loop from spinning when queries return at once: a token bucket whose refill slows down with
 * every read that brought nothing new, and recovers with the first that did. Changes that come alone are read at once.
 */
export class LoopPacer {
  private tokens: number;
  private refilledAt: number;
  private intervalMs: number;

  constructor(
    private readonly options: LoopPacerOptions,
    now: number,
  ) {
    requireNumber('pace.burst', options.burst, { min: 1, max: 100, integer: true });
    requireNumber('pace.minIntervalMs', options.minIntervalMs, { min: 1, max: 60_000 });
    requireNumber('pace.maxIntervalMs', options.maxIntervalMs, { min: options.minIntervalMs, max: 600_000 });
    this.tokens = options.burst;
    this.refilledAt = now;
    this.intervalMs = options.minIntervalMs;
  }

  /** Reserves the next read. @param now monotonic ms @returns ms to wait before it; 0 for at once */
  reserve(now: number): number {
    const earned = Math.max(0, now - this.refilledAt) / this.intervalMs;
    this.tokens = Math.min(this.options.burst, this.tokens + earned);
    const waitMs = this.tokens >= 1 ? 0 : Math.ceil((1 - this.tokens) * this.intervalMs);
    this.tokens = Math.max(0, this.tokens - 1);
    // What accrues during the wait is spent by it, at today's interval whatever the next one is.
    this.refilledAt = now + waitMs;
    return waitMs;
  }

  /** Tells whether the read brought news. */
  read(news: boolean): void {
    const { minIntervalMs, maxIntervalMs } = this.options;
    this.intervalMs = news ? minIntervalMs : Math.min(maxIntervalMs, this.intervalMs * 2);
  }
}
