import { RpcError, type Status } from '@breakwater/core';

type Result = IteratorResult<unknown>;

interface Waiter {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: RpcError) => void;
}

/**
 * The request stream of an incoming call, pulled: a message is read from the connection when the handler asks for it, so
 * a slow handler slows the client down. Ends with the client's half-close; throws an `RpcError` when the call is over
 * before. Iterated once.
 */
export class RequestSource implements AsyncIterableIterator<unknown> {
  private readonly waiters: Waiter[] = [];
  private done = false;
  private failure: Status | undefined;

  constructor(private readonly read: () => void) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    if (this.failure !== undefined) return Promise.reject(errorOf(this.failure));
    if (this.done) return Promise.resolve(END);
    return new Promise((resolve, reject) => {
      this.waiters.push({ resolve, reject });
      if (this.waiters.length === 1) this.read();
    });
  }

  return(): Promise<Result> {
    this.end();
    return Promise.resolve(END);
  }

  push(value: unknown): void {
    this.waiters.shift()?.resolve({ value, done: false });
    if (this.waiters.length > 0) this.read();
  }

  end(): void {
    this.done = true;
    for (const waiter of this.waiters.splice(0)) waiter.resolve(END);
  }

  fail(status: Status): void {
    if (this.done) return;
    this.done = true;
    this.failure = status;
    for (const waiter of this.waiters.splice(0)) waiter.reject(errorOf(status));
  }
}

const END: Result = { value: undefined, done: true };

function errorOf(status: Status): RpcError {
  const { code, details, reason, cause } = status;
  return new RpcError(code, details, { reason, cause });
}
