/** Told when there is memory again. */
export interface Starved {
  onMemory(): void;
}

/** Bytes that may wait in memory, shared by the connections of one server (or owned by one connection). */
export class MemoryBudget {
  used = 0;
  private readonly starved = new Set<Starved>();

  constructor(readonly limitBytes: number) {}

  get exhausted(): boolean {
    return this.used > this.limitBytes;
  }

  take(byteCount: number): void {
    this.used += byteCount;
  }

  giveBack(byteCount: number): void {
    this.used -= byteCount;
    if (this.starved.size === 0 || this.exhausted) return;
    const waiting = [...this.starved];
    this.starved.clear();
    for (const one of waiting) one.onMemory();
  }

  /** Calls `onMemory` once, when the budget is not exhausted any more. */
  await(one: Starved): void {
    this.starved.add(one);
  }

  forget(one: Starved): void {
    this.starved.delete(one);
  }
}
