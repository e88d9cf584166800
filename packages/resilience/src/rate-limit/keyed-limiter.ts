import { resolveRate, type TokenRate } from './token-bucket.js';

/**
 * One token bucket per key in one number each: the instant at which the key's bucket would be full again (GCRA's
 * theoretical arrival time). Keeps at most `maxKeys`: a key whose bucket is full again is as good as unknown and is
 * dropped, oldest first. While none is, keys beyond the bound share one bucket, so that inventing keys buys nothing.
 *
 * @throws ConfigError when a rate is out of range
 * @see ITU-T I.371, generic cell rate algorithm (virtual scheduling)
 */
export class KeyedLimiter {
  /** Milliseconds that one call is worth, and how far ahead of now a key may get. */
  private readonly intervalMs: number;
  private readonly aheadMs: number;
  /** In order of last use. */
  private readonly fullAt = new Map<string, number>();
  private overflowFullAt = Number.NEGATIVE_INFINITY;
  private latest = Number.NEGATIVE_INFINITY;

  constructor(
    rate: TokenRate,
    private readonly maxKeys: number,
  ) {
    const { burst, perSecond } = resolveRate(rate, 'keyedLimiter');
    this.intervalMs = 1000 / perSecond;
    this.aheadMs = this.intervalMs * burst;
  }

  /** Keys that are remembered. */
  get size(): number {
    return this.fullAt.size;
  }

  /** Takes one token of `key`. @returns 0 when admitted, else whole ms (rounded up) to wait; nothing is taken then */
  tryTake(key: string, now: number): number {
    if (now > this.latest) this.latest = now;
    const at = this.latest;
    const known = this.fullAt.get(key);
    if (known === undefined && !this.makeRoom(at)) {
      const waitMs = this.waitOf(this.overflowFullAt, at);
      if (waitMs === 0) this.overflowFullAt = Math.max(this.overflowFullAt, at) + this.intervalMs;
      return waitMs;
    }
    const fullAt = known ?? at;
    const waitMs = this.waitOf(fullAt, at);
    this.fullAt.delete(key);
    this.fullAt.set(key, waitMs === 0 ? Math.max(fullAt, at) + this.intervalMs : fullAt);
    return waitMs;
  }

  private waitOf(fullAt: number, at: number): number {
    const waitMs = Math.max(fullAt, at) + this.intervalMs - at - this.aheadMs;
    // Rounding errors grow with the distance from the clock's zero point; a thousandth of a ms stays above them for years.
    return waitMs <= 1e-3 ? 0 : Math.ceil(waitMs - 1e-3);
  }

  /** Drops the keys used longest ago that are full again; stops at the first that is not. */
  private makeRoom(at: number): boolean {
    for (const [key, fullAt] of this.fullAt) {
      if (fullAt > at) break;
      this.fullAt.delete(key);
    }
    return this.fullAt.size < this.maxKeys;
  }
}
