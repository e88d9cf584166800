import assert from 'node:assert/strict';
import { settleMicrotasks } from '@breakwater/core/testing';
import fc from 'fast-check';
import { ReplayableRequests } from './replay.js';

async function take(stream: AsyncIterable<unknown>, count: number): Promise<unknown[]> {
  const taken: unknown[] = [];
  const iterator = stream[Symbol.asyncIterator]();
  while (taken.length < count) {
    const { done, value } = await iterator.next();
    if (done === true) break;
    taken.push(value);
  }
  await iterator.return?.();
  return taken;
}

describe('ReplayableRequests', () => {
  it('gives every attempt the stream from its start, iterating the source once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer(), { maxLength: 20, size: 'max' }),
        fc.array(fc.nat(25), { minLength: 1, maxLength: 5, size: 'max' }),
        async (messages, reads) => {
          let iterations = 0;
          let produced = 0;
          async function* produce(): AsyncGenerator<number> {
            for (const message of messages) {
              produced += 1;
              yield message;
            }
          }
          const source = {
            [Symbol.asyncIterator]: () => {
              iterations += 1;
              return produce();
            },
          };
          const requests = new ReplayableRequests(source, 64);
          for (const count of reads) assert.deepEqual(await take(requests.open(), count), messages.slice(0, count));
          assert.equal(iterations, 1);
          assert.equal(produced, Math.min(messages.length, Math.max(...reads)));
          assert.equal(requests.outgrown, false);
          requests.close();
        },
      ),
    );
  });

  it('is outgrown by one message more than the limit, and the reading attempt goes on undisturbed', async () => {
    const requests = new ReplayableRequests(from([1, 2, 3, 4, 5]), 2);
    const reader = requests.open()[Symbol.asyncIterator]();
    await reader.next();
    await reader.next();
    assert.equal(requests.outgrown, false);
    assert.equal((await reader.next()).value, 3);
    assert.equal(requests.outgrown, true);
    assert.deepEqual(
      [(await reader.next()).value, (await reader.next()).value, (await reader.next()).done],
      [4, 5, true],
    );
  });

  it('gives a message that an abandoned attempt was waiting for to the next attempt', async () => {
    let send: (value: number) => void = () => {};
    const requests = new ReplayableRequests(
      {
        async *[Symbol.asyncIterator]() {
          yield 'first';
          yield await new Promise((resolve) => {
            send = resolve;
          });
        },
      },
      64,
    );
    const abandoned = requests.open()[Symbol.asyncIterator]();
    await abandoned.next();
    const never = abandoned.next();
    await settleMicrotasks();
    await abandoned.return?.();
    const second = take(requests.open(), 2);
    send(2);
    assert.deepEqual(await second, ['first', 2]);
    assert.equal((await never).done, true);
  });

  it('passes an error of the source to every attempt that gets that far', async () => {
    const requests = new ReplayableRequests(
      {
        async *[Symbol.asyncIterator]() {
          yield 1;
          throw new Error('no more');
        },
      },
      64,
    );
    for (let attempt = 0; attempt < 2; attempt++) await assert.rejects(take(requests.open(), 2), /no more/);
  });

  it('closes the source once, when the call is over, not when an attempt is', async () => {
    let closed = 0;
    const requests = new ReplayableRequests(
      {
        async *[Symbol.asyncIterator]() {
          try {
            for (;;) yield 'more';
          } finally {
            closed += 1;
          }
        },
      },
      64,
    );
    await take(requests.open(), 3);
    assert.equal(closed, 0);
    requests.close();
    requests.close();
    await settleMicrotasks();
    assert.equal(closed, 1);
  });
});

async function* from(messages: readonly number[]): AsyncGenerator<number> {
  yield* messages;
}
