import { heldBytes } from './memory.js';

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** How the memory of this process develops while the same is done again and again. */
export class MemoryTrend {
  private readonly samples: number[] = [];

  note(): void {
    this.samples.push(heldBytes());
  }

  /** From the first to the last third of the samples, without the first fifth of all: until then code becomes fast and pools are filled. */
  get growthBytes(): number {
    const warm = this.samples.slice(Math.ceil(this.samples.length / 5));
    const third = Math.floor(warm.length / 3);
    return mean(warm.slice(-third)) - mean(warm.slice(0, third));
  }

  toString(): string {
    return this.samples.map((bytes) => (bytes / 1e6).toFixed(2)).join(' ');
  }
}
