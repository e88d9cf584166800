/** Numbers that look random and are the same for the same seed, so that a failure can be had again. */
export class Random {
  constructor(private state: number) {}

  /** A whole number from 0 up to, but not including, `bound`. */
  below(bound: number): number {
    // mulberry32, by Tommy Ettinger
    this.state = (this.state + 0x6d2b_79f5) | 0;
    let bits = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) % bound;
  }

  /** True in `percent` of 100 cases. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.below(choices.length)] ?? choices[0];
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }
}
