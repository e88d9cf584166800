/** Priorities run from 0, the most urgent, to 9. */
export const PRIORITIES = 10;

/** First in, first out within a priority; a more urgent one goes first. Leaving from the middle is cheap. */
export class PriorityQueue<T> {
  private readonly levels: readonly Set<T>[] = Array.from({ length: PRIORITIES }, () => new Set<T>());
  private count = 0;

  get size(): number {
    return this.count;
  }

  push(item: T, priority: number): void {
    this.levels[priority]?.add(item);
    this.count += 1;
  }

  shift(): T | undefined {
    for (const level of this.levels) {
      for (const item of level) {
        level.delete(item);
        this.count -= 1;
        return item;
      }
    }
    return undefined;
  }

  /** @returns whether it was there */
  remove(item: T): boolean {
    for (const level of this.levels) {
      if (!level.delete(item)) continue;
      this.count -= 1;
      return true;
    }
    return false;
  }
}
