/** Told when readers have made room. */
export interface Starved {
  onMemory(): void;
}

/** Bytes that may wait in memory, shared by the connections of one server (or owned by one connection). */
export class MemoryBudget {
  used = 0;
  /** The part of it that waits for readers, who need nothing of any peer to go on. */
  unread = 0;
  private readonly starved = new Set<Starved>();

  constructor(readonly limitBytes: number) {}

  get exhausted(): boolean {
    return this.used > this.limitBytes;
  }

  /** Readers alone keep more than there may be. */
  get clogged(): boolean {
    return this.unread > this.limitBytes;
  }

  take(byteCount: number): void {
    this.used += byteCount;
  }

  giveBack(byteCount: number): void {
    this.used -= byteCount;
  }

  /** What waits for a reader; it is to be taken as well. */
  keepUnread(byteCount: number): void {
    this.unread += byteCount;
  }

  /** It has been read, or will never be. */
  onRead(byteCount: number): void {
    this.unread -= byteCount;
    if (this.starved.size === 0 || this.clogged) return;
    const waiting = [...this.starved];
    this.starved.clear();
    for (const one of waiting) one.onMemory();
  }

  /** Calls `onMemory` once, when the budget is not clogged any more. */
  await(one: Starved): void {
    this.starved.add(one);
  }

  forget(one: Starved): void {
    this.starved.delete(one);
  }
}
