import { requireNumber, type Random } from '@breakwater/core';

/** Delays that grow with every failure in a row. */
export interface BackoffOptions {
  /** First delay, ms. */
  readonly initialMs: number;
  /** Delays grow up to this, ms. */
  readonly maxMs: number;
  /** Growth per failure, 1 or more. Default 2. */
  readonly multiplier?: number | undefined;
  /** Share of the delay that chance adds or takes, 0 to 1. Default 0.2. */
  readonly jitterRatio?: number | undefined;
}

/** Exponential backoff with jitter. Holds no clock and no timer. @throws ConfigError for options out of range */
export class Backoff {
  private failures = 0;

  constructor(
    private readonly options: BackoffOptions,
    private readonly random: Random,
  ) {
    requireNumber('backoff.initialMs', options.initialMs, { min: 1, max: 3_600_000 });
    requireNumber('backoff.maxMs', options.maxMs, { min: options.initialMs, max: 3_600_000 });
    if (options.multiplier !== undefined) requireNumber('backoff.multiplier', options.multiplier, { min: 1, max: 10 });
    if (options.jitterRatio !== undefined)
      requireNumber('backoff.jitterRatio', options.jitterRatio, { min: 0, max: 1 });
  }

  /** Failures since the last `reset`. */
  get count(): number {
    return this.failures;
  }

  /** Counts one more failure. @returns ms to wait before the next try */
  next(): number {
    const { initialMs, maxMs, multiplier = 2, jitterRatio = 0.2 } = this.options;
    const base = Math.min(maxMs, initialMs * multiplier ** this.failures);
    this.failures += 1;
    return Math.round(base * (1 + jitterRatio * (2 * this.random.next() - 1)));
  }

  /** To be called after a success: the next failure waits `initialMs` again. */
  reset(): void {
    this.failures = 0;
  }
}
