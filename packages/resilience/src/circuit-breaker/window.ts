/** What the calls in a window came to. */
export interface Totals {
  calls: number;
  failures: number;
  slow: number;
}

/** A sliding record of verdicts. Instants never go back: the breaker sees to that. */
export interface VerdictWindow {
  record(now: number, failed: boolean, slow: boolean): void;
  /** The sums at `now`. The object is reused: read it at once. */
  totals(now: number): Readonly<Totals>;
}

const FAILED = 1;
const SLOW = 2;

/** The last `size` calls, whenever they were. */
export class CountWindow implements VerdictWindow {
  private readonly ring: Uint8Array;
  private readonly sums: Totals = { calls: 0, failures: 0, slow: 0 };
  private next = 0;

  constructor(size: number) {
    this.ring = new Uint8Array(size);
  }

  record(_now: number, failed: boolean, slow: boolean): void {
    const { sums, ring } = this;
    if (sums.calls === ring.length) {
      const oldest = ring[this.next] ?? 0;
      if ((oldest & FAILED) !== 0) sums.failures -= 1;
      if ((oldest & SLOW) !== 0) sums.slow -= 1;
    } else sums.calls += 1;
    ring[this.next] = (failed ? FAILED : 0) | (slow ? SLOW : 0);
    if (failed) sums.failures += 1;
    if (slow) sums.slow += 1;
    this.next = (this.next + 1) % ring.length;
  }

  totals(): Readonly<Totals> {
    return this.sums;
  }
}

const BUCKETS = 10;

/** The calls of the last `windowMs`, in ten buckets that fall out one by one; after an idle gap all that are too old go. */
export class TimeWindow implements VerdictWindow {
  private readonly bucketMs: number;
  private readonly buckets: readonly Totals[] = Array.from({ length: BUCKETS }, () => ({
    calls: 0,
    failures: 0,
    slow: 0,
  }));
  private readonly sums: Totals = { calls: 0, failures: 0, slow: 0 };
  /** Number of the newest bucket since the clock's zero. */
  private newest = Number.NEGATIVE_INFINITY;

  constructor(windowMs: number) {
    this.bucketMs = windowMs / BUCKETS;
  }

  record(now: number, failed: boolean, slow: boolean): void {
    this.slide(now);
    const bucket = this.bucketAt(this.newest);
    for (const totals of [bucket, this.sums]) {
      totals.calls += 1;
      if (failed) totals.failures += 1;
      if (slow) totals.slow += 1;
    }
  }

  totals(now: number): Readonly<Totals> {
    this.slide(now);
    return this.sums;
  }

  private slide(now: number): void {
    const current = Math.floor(now / this.bucketMs);
    if (current <= this.newest) return;
    const passed = Math.min(BUCKETS, current - this.newest);
    for (let step = 0; step < passed; step++) {
      const bucket = this.bucketAt(current - step);
      this.sums.calls -= bucket.calls;
      this.sums.failures -= bucket.failures;
      this.sums.slow -= bucket.slow;
      bucket.calls = 0;
      bucket.failures = 0;
      bucket.slow = 0;
    }
    this.newest = current;
  }

  private bucketAt(number: number): Totals {
    // Negative instants are legal: the zero point of the monotonic clock means nothing.
    return this.buckets[((number % BUCKETS) + BUCKETS) % BUCKETS] as Totals;
  }
}
