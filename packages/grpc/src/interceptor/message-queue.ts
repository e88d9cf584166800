interface Entry {
  readonly message: unknown;
  readonly taken: (() => void) | undefined;
}

/**
 * What an application writes into a request stream, as a source to pull from. The callback of each write is called when
 * its message is taken, which is what slows the writer down.
 */
export class MessageQueue implements AsyncIterableIterator<unknown> {
  private readonly entries: Entry[] = [];
  private readonly waiters: ((result: IteratorResult<unknown>) => void)[] = [];
  private done = false;

  /** What comes when nobody reads on is dropped, and its writer let go. */
  push(message: unknown, taken: (() => void) | undefined): void {
    if (this.done) return taken?.();
    const waiter = this.waiters.shift();
    if (waiter === undefined) this.entries.push({ message, taken });
    else {
      waiter({ value: message, done: false });
      taken?.();
    }
  }

  end(): void {
    this.done = true;
    for (const waiter of this.waiters.splice(0)) waiter(END);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<unknown>> {
    const entry = this.entries.shift();
    if (entry !== undefined) {
      entry.taken?.();
      return Promise.resolve({ value: entry.message, done: false });
    }
    if (this.done) return Promise.resolve(END);
    return new Promise((resolve) => this.waiters.push(resolve));
  }

  /** Nobody reads on: writers that wait are let go, as grpc-js does when a call has ended. */
  return(): Promise<IteratorResult<unknown>> {
    this.end();
    for (const entry of this.entries.splice(0)) entry.taken?.();
    return Promise.resolve(END);
  }
}

const END: IteratorResult<unknown> = { value: undefined, done: true };
