import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { Code, ConfigError, createRuntime, RpcError } from '@breakwater/core';
import { FakeClock, settleMicrotasks } from '@breakwater/core/testing';
import { dateAt } from '../testing/system-date.js';
import { World } from '../testing/world.js';

async function* notes(...texts: string[]): AsyncGenerator<{ text: string }> {
  for (const text of texts) yield { text };
}

const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
};

const rejection = async (promise: Promise<unknown>): Promise<RpcError> => {
  const error = await promise.then(
    () => assert.fail('the call succeeded'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof RpcError, `not an RpcError: ${String(error)}`);
  return error;
};

describe('client and server', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  it('carries all four kinds, filling in what a partial message leaves out', async () => {
    await world.serve({
      one: async ({ text, count }) => ({ text: `${text}!`, count: count + 1 }),
      collect: async (requests) => ({ text: (await all(requests)).map(({ text }) => text).join('+') }),
      async *count({ count }) {
        for (let index = 0; index < count; index++) yield { count: index };
      },
      async *talk(requests) {
        for await (const { text } of requests) yield { text: text.toUpperCase() };
      },
    });
    const client = world.client();
    assert.deepEqual(await client.one({ text: 'a' }), { text: 'a!', count: 1 });
    assert.deepEqual(await client.collect(notes('a', 'b')), { text: 'a+b', count: 0 });
    assert.deepEqual(
      (await all(client.count({ count: 3 }))).map(({ count }) => count),
      [0, 1, 2],
    );
    assert.deepEqual(
      (await all(client.talk(notes('x', 'y')))).map(({ text }) => text),
      ['X', 'Y'],
    );
  });

  it('gives code, reason, details, metadata, pushback, target, path and peer in the error', async () => {
    const { address } = await world.serve({
      one: async () => {
        throw new RpcError(Code.FAILED_PRECONDITION, 'not now', {
          reason: 'SHOP_CLOSED',
          metadata: { 'x-opens': 'tomorrow', 'x-raw-bin': Buffer.from([1, 2]) },
          retryAfterMs: 250,
          richDetails: [{ typeUrl: 'type.googleapis.com/test.Detail', value: Buffer.from('d') }],
        });
      },
    });
    const error = await rejection(world.client().one({}));
    assert.equal(error.code, Code.FAILED_PRECONDITION);
    assert.equal(error.details, 'not now');
    assert.equal(error.reason, 'SHOP_CLOSED');
    assert.equal(error.metadata.get('x-opens'), 'tomorrow');
    assert.deepEqual(error.metadata.get('x-raw-bin'), Buffer.from([1, 2]));
    assert.equal(error.retryAfterMs, 250);
    assert.deepEqual(error.richDetails.find(({ typeUrl }) => typeUrl.endsWith('test.Detail'))?.value.toString(), 'd');
    assert.equal(error.path, '/test.v1.Echo/One');
    assert.match(
      error.message,
      /FAILED_PRECONDITION \(SHOP_CLOSED\): not now \[\/test\.v1\.Echo\/One at .*echo, peer .*\]/,
    );
    assert.ok(error.peer?.includes(String(address.port)));
    assert.equal(error.received, true);
  });

  it("has the caller's own function in the stack of the error", async () => {
    await world.serve({
      one: async () => {
        throw new RpcError(Code.NOT_FOUND, 'no such thing');
      },
    });
    const client = world.client();
    async function placeOrderOfTheApplication(): Promise<void> {
      await client.one({});
    }
    const error = await rejection(placeOrderOfTheApplication());
    assert.match(error.stack ?? '', /placeOrderOfTheApplication/);
  });

  it('hides what a handler threw by accident, and reports it as a defect inside', async () => {
    const defects: unknown[] = [];
    world.runtime.events.subscribe((event) => {
      if (event.type === 'defect') defects.push(event.error);
    });
    const secret = new TypeError('password is hunter2');
    await world.serve({
      one: async () => {
        throw secret;
      },
    });
    const error = await rejection(world.client().one({}));
    assert.equal(error.code, Code.INTERNAL);
    assert.equal(error.reason, 'HANDLER_DEFECT');
    assert.doesNotMatch(JSON.stringify([error.message, error.details]), /hunter2/);
    assert.deepEqual(defects, [secret]);
  });

  it('carries request metadata, response headers and trailers', async () => {
    await world.serve({
      one: async (_request, context) => {
        context.setHeaders({ 'x-saw': String(context.metadata.get('x-who')) });
        context.setTrailers({ 'x-cost': '7' });
        return {};
      },
    });
    const seen: unknown[] = [];
    await world.client().one(
      {},
      {
        metadata: { 'x-who': 'me' },
        onHeaders: (headers) => seen.push(headers.get('x-saw')),
        onTrailers: (trailers) => seen.push(trailers.get('x-cost')),
      },
    );
    assert.deepEqual(seen, ['me', '7']);
  });

  it('gives the messages that came before the error of a stream, then the error', async () => {
    await world.serve({
      async *count() {
        yield { count: 1 };
        throw new RpcError(Code.DATA_LOSS, 'broken');
      },
    });
    const got: number[] = [];
    const error = await rejection(
      (async () => {
        for await (const { count } of world.client().count({})) got.push(count);
      })(),
    );
    assert.deepEqual(got, [1]);
    assert.equal(error.code, Code.DATA_LOSS);
  });

  it('cancels the call and ends the handler when the caller breaks out of a response stream', async () => {
    let ended: (() => void) | undefined;
    const handlerEnded = new Promise<void>((resolve) => {
      ended = resolve;
    });
    let cancelled = false;
    await world.serve({
      async *count(_request, context) {
        try {
          for (let count = 0; ; count++) {
            yield { count };
            await settleMicrotasks();
          }
        } finally {
          cancelled = context.cancelled;
          ended?.();
        }
      },
    });
    for await (const { count } of world.client().count({})) if (count === 2) break;
    await handlerEnded;
    assert.equal(cancelled, true);
  });

  it('holds a fast sender back while the reader is slow', async () => {
    let produced = 0;
    await world.serve({
      async *count() {
        for (;;) yield { count: produced++ };
      },
    });
    const iterator = world.client().count({})[Symbol.asyncIterator]();
    await iterator.next();
    for (let round = 0; round < 20; round++) await settleMicrotasks();
    assert.ok(produced < 64, `${produced} messages were produced for one read`);
    const before = produced;
    for (let read = 0; read < 40; read++) await iterator.next();
    assert.ok(produced > before);
    await iterator.return();
  });

  it('reads a request stream no faster than the handler takes it', async () => {
    let read = 0;
    let go: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    await world.serve({
      collect: async (requests) => {
        await gate;
        return { count: (await all(requests)).length };
      },
    });
    const outcome = world.client().collect(
      (async function* () {
        for (; read < 500; read++) yield { count: read };
      })(),
    );
    for (let round = 0; round < 20; round++) await settleMicrotasks();
    assert.ok(read < 100, `${read} messages were read ahead`);
    go?.();
    assert.equal((await outcome).count, 500);
  });

  it('is cancelled by an AbortSignal with its reason, and leaves no listener on the signal', async () => {
    await world.serve({
      one: (_request, context) =>
        new Promise((_resolve, reject) => context.signal.addEventListener('abort', () => reject(new Error('stopped')))),
    });
    const controller = new AbortController();
    const call = rejection(world.client().one({}, { signal: controller.signal }));
    await settleMicrotasks();
    controller.abort(new Error('the user left'));
    const error = await call;
    assert.equal(error.code, Code.CANCELLED);
    assert.match(error.details, /the user left/);
    assert.equal(error.origin, 'local');
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  });

  it('leaves no listener on a long-lived signal after calls that succeed', async () => {
    await world.serve({
      one: async () => ({}),
      async *count() {
        yield {};
        yield {};
      },
    });
    const { signal } = new AbortController();
    const client = world.client();
    for (let call = 0; call < 20; call++) await client.one({}, { signal });
    await all(client.count({}, { signal }));
    for await (const _first of client.count({}, { signal })) break;
    await settleMicrotasks();
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  it('never reaches the server with a signal that has fired already', async () => {
    let reached = false;
    await world.serve({
      one: async () => {
        reached = true;
        return {};
      },
    });
    const error = await rejection(world.client().one({}, { signal: AbortSignal.abort() }));
    assert.equal(error.code, Code.CANCELLED);
    assert.equal(reached, false);
  });

  it('ends at its deadline on both sides', async () => {
    let stopped: ((why: string) => void) | undefined;
    const handlerStopped = new Promise<string>((resolve) => {
      stopped = resolve;
    });
    await world.serve({
      one: (_request, context) =>
        new Promise((_resolve, reject) => {
          context.signal.addEventListener('abort', () => {
            stopped?.(String(context.cancellation.status?.code));
            reject(new Error('stopped'));
          });
        }),
    });
    const error = await rejection(world.client().one({}, { timeoutMs: 20 }));
    assert.equal(error.code, Code.DEADLINE_EXCEEDED);
    assert.equal(await handlerStopped, String(Code.DEADLINE_EXCEEDED));
  });

  it('takes the earlier of timeoutMs and deadline', async () => {
    let left = 0;
    await world.serve({
      one: async (_request, context) => {
        left = context.deadline - world.runtime.clock.now();
        return {};
      },
    });
    await world.client().one({}, { timeoutMs: 60_000, deadline: dateAt(world.runtime.clock.wallNow() + 600_000) });
    assert.ok(left <= 60_000 && left > 50_000, `${left} ms left`);
  });

  it('gives back the place of a handler that never returns, and says so', async () => {
    const clock = new FakeClock();
    const slow = new World(createRuntime({ clock }));
    const listener = await slow.serve({ one: () => new Promise(() => {}) });
    const call = rejection(slow.client().one({}, { timeoutMs: 10 }));
    await clock.advance(10);
    assert.equal((await call).code, Code.DEADLINE_EXCEEDED);
    assert.equal(listener.inFlight, 1, 'the handler still holds its place');
    await clock.advance(1000);
    assert.equal(listener.inFlight, 0);
    assert.deepEqual(slow.abandoned, ['/test.v1.Echo/One']);
    assert.equal(clock.pendingTimers, 0);
    await slow.close();
  });

  it('refuses an unknown call option and names the nearest', async () => {
    await world.serve({});
    await assert.rejects(world.client().one({}, { timeoutMS: 5 } as never), (error: Error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, /timeoutMS.*did you mean "timeoutMs"/);
      return true;
    });
  });

  it('refuses per-call options out of range by name', async () => {
    const client = world.client();
    await assert.rejects(client.one({}, { timeoutMs: -5 }), /call options\.timeoutMs is -5/);
    await assert.rejects(client.one({}, { timeoutMs: Number.NaN }), /call options\.timeoutMs is NaN/);
    await assert.rejects(client.one({}, { deadline: dateAt(Number.NaN) }), /call options\.deadline/);
    await assert.rejects(
      client.one({}, { maxAttempts: 0 }),
      /call options\.maxAttempts is 0, but must be an integer from 1 to 10/,
    );
    await assert.rejects(client.one({}, { metadata: { 'bad key': 'x' } }), /metadata\["bad key"\]/);
    await assert.rejects(client.one({}, { metadata: { 'grpc-timeout': '1S' } }), /reserved for the protocol/);
    await assert.rejects(client.one({}, { metadata: { note: 'line\nbreak' } }), /printable ASCII/);
  });

  it('says which service or method is missing and what comes near', async () => {
    await world.serve({});
    const listenerWithout = await world.transport.listen(
      {
        name: 'empty',
        host: '127.0.0.1',
        port: 0,
        limits: (await import('../transport/limits.js')).serverLimits(),
        runtime: world.runtime,
      },
      new Map(),
    );
    await world.registry.register({ service: 'empty', ...listenerWithout.address });
    const error = await rejection(world.client(world.channel({ target: 'memory:///empty' })).one({}));
    assert.equal(error.code, Code.UNIMPLEMENTED);
    assert.equal(error.reason, 'METHOD_UNKNOWN');
    assert.match(error.details, /no service test\.v1\.Echo/);
  });

  it('refuses a message over the limit, naming limit and size', async () => {
    await world.serve({ one: async () => ({ text: 'x'.repeat(5000) }) }, { limits: { maxReceiveMessageBytes: 2000 } });
    const sent = await rejection(world.client().one({ text: 'y'.repeat(3000) }));
    assert.equal(sent.code, Code.RESOURCE_EXHAUSTED);
    assert.equal(sent.reason, 'MESSAGE_TOO_LARGE');
    assert.match(sent.details, /3\d{3} bytes, above maxReceiveMessageBytes \(2000\)/);
  });
});
