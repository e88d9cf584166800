import { requireKnownKeys, requireNumber } from '@breakwater/core';

/** A rate and the burst on top of it. */
export interface TokenRate {
  /** Sustained calls per second, 0.001 to 1,000,000. */
  readonly perSecond: number;
  /** Calls that may come at once, a whole number. */
  readonly burst: number;
}

/** Sums of fractions come out a hair below the whole number they stand for. */
const ROUNDING = 1e-9;

/** Validates. @throws ConfigError naming field, value and range */
export function resolveRate(rate: TokenRate, field: string): TokenRate {
  requireKnownKeys(field, rate, ['perSecond', 'burst']);
  return Object.freeze({
    perSecond: requireNumber(`${field}.perSecond`, rate.perSecond, { min: 0.001, max: 1_000_000 }),
    burst: requireNumber(`${field}.burst`, rate.burst, { min: 1, max: 1_000_000, integer: true }),
  });
}

/**
 * Admits bursts of `burst` calls and `perSecond` calls/s sustained. Tokens accrue on demand from elapsed time, so an idle
 * bucket owns no timer. An instant before an earlier one is read as that.
 *
 * @throws ConfigError when a rate is out of range
 * @see RFC 2697, the committed half of its single-rate meter
 */
export class TokenBucket {
  private readonly rate: TokenRate;
  private tokens: number;
  private refilledAt: number;

  constructor(rate: TokenRate, now: number) {
    this.rate = resolveRate(rate, 'tokenBucket');
    this.tokens = rate.burst;
    this.refilledAt = now;
  }

  /** Takes one token. @param now monotonic ms @returns 0 when admitted, else whole ms (rounded up) to wait; nothing is taken then */
  tryTake(now: number): number {
    const { burst, perSecond } = this.rate;
    if (now > this.refilledAt) {
      this.tokens = Math.min(burst, this.tokens + ((now - this.refilledAt) * perSecond) / 1000);
      this.refilledAt = now;
    }
    if (this.tokens < 1 - ROUNDING) return Math.max(1, Math.ceil(((1 - this.tokens) * 1000) / perSecond - ROUNDING));
    this.tokens -= 1;
    return 0;
  }
}
