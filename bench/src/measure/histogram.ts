/** Buckets per doubling: neighbours are 1.1 % apart. */
const PER_OCTAVE = 64;
/** 0.1 us. */
const LOWEST_US = 0.1;
/** Up to 2^30 x 0.1 us, which is 107 s. */
const BUCKETS = PER_OCTAVE * 30;

/** Durations in buckets of about 1 %: a fixed place, so that recording leaves nothing for the garbage collector. */
export class Histogram {
  private readonly counts = new Float64Array(BUCKETS);
  private total = 0;

  /** @param us microseconds; what lies outside of the range counts as its end */
  record(us: number): void {
    const bucket = us <= LOWEST_US ? 0 : Math.floor(Math.log2(us / LOWEST_US) * PER_OCTAVE);
    const index = bucket < BUCKETS ? bucket : BUCKETS - 1;
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.total += 1;
  }

  /** The duration that `part` (0 to 1) of all stayed at or below, in us; 0 when nothing was recorded. */
  percentile(part: number): number {
    const wanted = Math.max(1, Math.ceil(this.total * part));
    let seen = 0;
    for (let index = 0; index < BUCKETS; index += 1) {
      seen += this.counts[index] ?? 0;
      if (seen >= wanted) return LOWEST_US * 2 ** ((index + 0.5) / PER_OCTAVE);
    }
    return 0;
  }

  clear(): void {
    this.counts.fill(0);
    this.total = 0;
  }
}
