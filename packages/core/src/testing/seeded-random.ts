import type { Random } from '../clock.js';

/** Reproducible uniform numbers in [0, 1) (mulberry32). The same seed gives the same sequence. */
export class SeededRandom implements Random {
  constructor(private state: number) {}

  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
}

/** Always the same number: 0.5 makes a jitter of x0.8..1.2 exactly x1. */
export const fixedRandom = (value: number): Random => ({ next: () => value });
