import type { PingPong } from './contender.js';
import { ENTRY, PING } from './workload.js';

/** A response stream of `count` entries, as a handler writes it. */
export async function* entries(count: number): AsyncGenerator<typeof ENTRY> {
  for (let left = count; left > 0; left -= 1) yield ENTRY;
}

/** Answers every message with its bytes. */
export async function* echo(requests: AsyncIterable<{ readonly data: Buffer }>): AsyncGenerator<{ data: Buffer }> {
  for await (const { data } of requests) yield { data };
}

/** How many messages a response stream has. */
export async function countOf(messages: AsyncIterable<unknown>): Promise<number> {
  let seen = 0;
  for await (const _message of messages) seen += 1;
  return seen;
}

/** Ping-pong for libraries that take and give async iterables. */
export function pingPongOver(
  open: (requests: AsyncIterable<{ readonly data: Buffer }>) => AsyncIterable<unknown>,
): PingPong {
  const outbox = new Outbox<{ readonly data: Buffer }>();
  const answers = open(outbox)[Symbol.asyncIterator]();
  return {
    async exchange() {
      outbox.push({ data: PING });
      const { done } = await answers.next();
      if (done === true) throw new Error('the stream has ended');
    },
    async close() {
      outbox.end();
      await answers.next();
    },
  };
}

/** A request stream that is fed by hand, at most one message ahead. */
class Outbox<T> implements AsyncIterable<T>, AsyncIterator<T> {
  private waiting: ((result: IteratorResult<T>) => void) | undefined;
  private readonly queued: T[] = [];
  private ended = false;

  push(message: T): void {
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting === undefined) this.queued.push(message);
    else waiting({ done: false, value: message });
  }

  end(): void {
    this.ended = true;
    this.waiting?.({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<T>> {
    const value = this.queued.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => {
      this.waiting = resolve;
    });
  }

  /** A library that gives up on the stream says so in one of these two ways. */
  async return(): Promise<IteratorResult<T>> {
    this.end();
    return { done: true, value: undefined };
  }

  async throw(error: unknown): Promise<IteratorResult<T>> {
    this.end();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
