/** Something that waits for what else happens in the tick it was made in. */
export interface Waiting {
  onEndOfTick(): void;
}

/** Calls back when the code that runs now is done: one microtask for everything that was added meanwhile. */
export class EndOfTick {
  private waiting: Waiting[] = [];

  add(entry: Waiting): void {
    if (this.waiting.push(entry) === 1) queueMicrotask(this.flush);
  }

  private readonly flush = (): void => {
    const entries = this.waiting;
    this.waiting = [];
    for (const entry of entries) entry.onEndOfTick();
  };
}
