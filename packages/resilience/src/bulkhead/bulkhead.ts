/** A call that waits for a permit. `granted` is called at most once, synchronously. */
export interface Waiter {
  /** Offered a permit. @returns true to take it, and then to release it once; false to let the next one have it */
  readonly granted: () => boolean;
}

/**
 * At most `maxInFlight` permits at a time and at most `maxQueue` waiters, served in order of arrival. A released permit
 * passes straight to the first waiter, so that nobody overtakes. Holds no clock and no promise.
 */
export class Bulkhead {
  private taken = 0;
  /** Insertion order is arrival order; leaving from the middle is cheap. */
  private readonly queue = new Set<Waiter>();

  constructor(
    readonly maxInFlight: number,
    readonly maxQueue: number = 0,
  ) {}

  get inFlight(): number {
    return this.taken;
  }

  get waiting(): number {
    return this.queue.size;
  }

  /** Takes a permit, when one is free; while others wait none is. */
  tryAcquire(): boolean {
    if (this.taken >= this.maxInFlight) return false;
    this.taken += 1;
    return true;
  }

  /** Joins the end of the queue. @returns false when it is full */
  enqueue(waiter: Waiter): boolean {
    if (this.queue.size >= this.maxQueue) return false;
    this.queue.add(waiter);
    return true;
  }

  /** Gives up waiting. @returns false when the permit has been granted already (or was never asked for) */
  leave(waiter: Waiter): boolean {
    return this.queue.delete(waiter);
  }

  /** Gives one permit back. Exactly once per permit. */
  release(): void {
    for (const first of this.queue) {
      this.queue.delete(first);
      if (first.granted()) return;
    }
    this.taken -= 1;
  }
}
