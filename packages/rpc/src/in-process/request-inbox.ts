import { RpcError, type Status } from '@breakwater/core';

/** Requests that may wait unread before the sender is held back. */
export const REQUEST_HIGH_WATER = 16;

type Result = IteratorResult<unknown, undefined>;

interface Reader {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: RpcError) => void;
}

/**
 * The request stream as its handler reads it: a bounded queue. Ends with the caller's half-close; throws an `RpcError`
 * when the call is over before, so that a broken-off stream is never taken for a complete one. Iterated once.
 */
export class RequestInbox implements AsyncIterableIterator<unknown, undefined> {
  private readonly waiting: unknown[] = [];
  private readonly readers: Reader[] = [];
  private ended = false;
  private closed = false;
  private failure: Status | undefined;

  /** @param onRoom called when the sender, having been held back, may go on */
  constructor(private readonly onRoom: () => void) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    if (this.failure !== undefined) return Promise.reject(errorOf(this.failure));
    if (this.closed) return Promise.resolve(END);
    if (this.waiting.length > 0) {
      const value = this.waiting.shift();
      if (this.waiting.length === REQUEST_HIGH_WATER - 1) this.onRoom();
      return Promise.resolve({ value, done: false });
    }
    if (this.ended) return this.return();
    return new Promise((resolve, reject) => this.readers.push({ resolve, reject }));
  }

  /** The handler reads no more: what comes is held back until its call ends. */
  return(): Promise<Result> {
    this.closed = true;
    this.waiting.length = 0;
    for (const reader of this.readers.splice(0)) reader.resolve(END);
    return Promise.resolve(END);
  }

  /** @returns whether there is room for another message */
  push(message: unknown): boolean {
    if (this.closed) return false;
    const reader = this.readers.shift();
    if (reader !== undefined) reader.resolve({ value: message, done: false });
    else this.waiting.push(message);
    return this.waiting.length < REQUEST_HIGH_WATER;
  }

  /** Half-close: what waits is read first. */
  end(): void {
    this.ended = true;
    // A reader waits only when no message does: it has seen the whole stream.
    if (this.readers.length > 0) void this.return();
  }

  /** The call is over: what waits is dropped. */
  fail(status: Status): void {
    if (this.closed || this.failure !== undefined) return;
    this.failure = status;
    this.waiting.length = 0;
    for (const reader of this.readers.splice(0)) reader.reject(errorOf(status));
  }
}

const END: Result = Object.freeze({ value: undefined, done: true });

const errorOf = ({ code, details, reason, cause }: Status): RpcError => new RpcError(code, details, { reason, cause });
