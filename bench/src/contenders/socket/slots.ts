/** Takes the answer to a call. */
export type Settle<T> = (value: T) => void;

/** Calls in flight by slot: the slot is the id, and free ones are used again, last in first out. */
export class Slots<T> {
  private readonly settles: (Settle<T> | undefined)[] = [];
  private readonly free: number[] = [];

  take(settle: Settle<T>): number {
    const id = this.free.pop() ?? this.settles.length;
    this.settles[id] = settle;
    return id;
  }

  settle(id: number, value: T): void {
    const settle = this.settles[id];
    this.settles[id] = undefined;
    this.free.push(id);
    settle?.(value);
  }
}
