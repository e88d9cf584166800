import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { Readable } from 'node:stream';
import { Code, ConfigError, RpcError } from '@breakwater/core';
import { settleMicrotasks } from '@breakwater/core/testing';
import { World } from '../testing/world.js';

const thrownBy = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => assert.fail('it succeeded'),
    (thrown: unknown) => thrown,
  );

describe('a response stream', () => {
  let world: World;
  let ended: Promise<Code | undefined>;
  let started = 0;
  beforeEach(async () => {
    world = new World();
    started = 0;
    let end: (code: Code | undefined) => void;
    ended = new Promise((resolve) => {
      end = resolve;
    });
    await world.serve({
      /** `count` messages, then silence until the call is over. */
      async *count({ count }, context) {
        started += 1;
        try {
          for (let index = 0; index < count; index++) yield { count: index };
          await new Promise<void>((resolve) => context.cancellation.onCancel(() => resolve()));
        } finally {
          end(context.cancellation.status?.code);
        }
      },
    });
  });
  afterEach(() => world.close());

  it('is not even started when it is given up before the first read', async () => {
    const stream = world.client().count({ count: 1 });
    assert.deepEqual(await stream.return(), { done: true, value: undefined });
    assert.deepEqual(await stream.next(), { done: true, value: undefined });
    await settleMicrotasks();
    assert.equal(started, 0);
  });

  it('is cancelled by return() while a read waits for a server that says nothing', async () => {
    const stream = world.client().count({ count: 1 });
    await stream.next();
    const pending = stream.next();
    assert.deepEqual(await stream.return(), { done: true, value: undefined });
    assert.deepEqual(await pending, { done: true, value: undefined });
    assert.equal(await ended, Code.CANCELLED);
  });

  it('is cancelled by throw() while a read waits, which ends without an error of its own', async () => {
    const stream = world.client().count({ count: 0 });
    const pending = stream.next();
    for (let turn = 0; turn < 3; turn++) await settleMicrotasks();
    const mine = new Error('enough');
    assert.equal(await thrownBy(stream.throw(mine)), mine);
    assert.deepEqual(await pending, { done: true, value: undefined });
    assert.equal(await ended, Code.CANCELLED);
  });

  it('answers reads that are asked for at once in order', async () => {
    const stream = world.client().count({ count: 3 });
    const steps = await Promise.all([stream.next(), stream.next(), stream.next()]);
    assert.deepEqual(
      steps.map(({ value }) => value?.count),
      [0, 1, 2],
    );
    await stream.return();
  });

  it('ends with what onTrailers throws instead of never', async () => {
    await world.close();
    world = new World();
    await world.serve({ async *count() {} });
    const mine = new Error('mistake in onTrailers');
    const stream = world.client().count(
      {},
      {
        onTrailers: () => {
          throw mine;
        },
      },
    );
    assert.equal(await thrownBy(stream.next()), mine);
  });

  it('is cancelled by a mistake in onHeaders, which its reader is told', async () => {
    const mine = new Error('mistake in onHeaders');
    const stream = world.client().count(
      { count: 1 },
      {
        onHeaders: () => {
          throw mine;
        },
      },
    );
    assert.equal(await thrownBy(stream.next()), mine);
    assert.equal(await ended, Code.CANCELLED);
  });

  it('tells its reader when a policy throws before the call is sent, and lets go of the signal', async () => {
    const { signal } = new AbortController();
    const broken = () => () => {
      throw new Error('policy out of order');
    };
    const stream = world.client(world.channel(), broken).count({}, { signal });
    assert.match(String(await thrownBy(stream.next())), /policy out of order/);
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  it('lets go of signal and parent when an option is refused', async () => {
    const { signal } = new AbortController();
    const client = world.client();
    for (const options of [
      { maxAttempts: 0 },
      { timeoutMs: -1 },
      { compression: 'brotli' },
      { credentials: 'token' },
    ]) {
      const refused = await thrownBy(client.count({}, { signal, ...options } as never).next());
      assert.ok(refused instanceof ConfigError, String(refused));
      assert.match(refused.message, new RegExp(`call options.${Object.keys(options)[0]}`));
    }
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });
});

describe('a request stream', () => {
  let world: World;
  beforeEach(async () => {
    world = new World();
    await world.serve({
      collect: async (requests) => {
        let count = 0;
        for await (const _request of requests) count += 1;
        return { count };
      },
      async *talk(requests) {
        yield* requests;
      },
    });
  });
  afterEach(() => world.close());

  it('that is an array, a message or nothing is refused, with a word on what it should be', async () => {
    const client = world.client();
    for (const wrong of [[{ count: 1 }], { count: 1 }, undefined, null]) {
      for (const refused of [
        await thrownBy(client.collect(wrong as never)),
        await thrownBy(client.talk(wrong as never).next()),
      ]) {
        assert.ok(refused instanceof ConfigError, String(refused));
        assert.match(refused.message, /the request stream of \/test\.v1\.Echo\/.* must be an async iterable.*Readable/);
      }
    }
  });

  it('may be what the refusal proposes', async () => {
    assert.equal((await world.client().collect(Readable.from([{ count: 1 }, { count: 2 }]))).count, 2);
  });

  it('that throws ends the call with CANCELLED and its own error as the cause', async () => {
    const mine = new Error('disk full');
    const error = await thrownBy(
      world.client().collect(
        (async function* () {
          yield { count: 1 };
          throw mine;
        })(),
      ),
    );
    assert.ok(error instanceof RpcError);
    assert.equal(error.code, Code.CANCELLED);
    assert.equal(error.cause, mine);
  });
});
