import assert from 'node:assert/strict';
import { Code, ConfigError, createRuntime, RpcError } from '@breakwater/core';
import { FakeClock, settleMicrotasks } from '@breakwater/core/testing';
import type { Channel } from './channel.js';
import { World } from '../testing/world.js';

const errorOf = async (promise: Promise<unknown>): Promise<RpcError> => {
  const error = await promise.then(
    () => assert.fail('the call succeeded'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof RpcError, `not an RpcError: ${String(error)}`);
  return error;
};

const states = (channel: Channel): string[] => channel.snapshot().endpoints.map(({ state }) => state);

describe('Channel', () => {
  let clock: FakeClock;
  let world: World;
  beforeEach(() => {
    clock = new FakeClock();
    world = new World(createRuntime({ clock }));
  });
  afterEach(async () => {
    await world.close();
    await clock.advance(5000);
    assert.equal(clock.pendingTimers, 0, 'a timer leaked');
  });

  it('looks nothing up and connects nowhere before the first call', async () => {
    await world.serve({ one: async () => ({}) });
    const channel = world.channel();
    world.client(channel);
    await clock.advance(1000);
    assert.deepEqual(channel.snapshot().endpoints, []);
  });

  it('fails at once for a name that nobody has registered, and says which registry was asked', async () => {
    const error = await errorOf(clock.run(world.client().one({})));
    assert.equal(error.code, Code.UNAVAILABLE);
    assert.equal(error.reason, 'NO_ENDPOINTS');
    assert.equal(error.origin, 'local');
    assert.match(error.details, /echo/);
    assert.equal(clock.now(), 0, 'it waited');
  });

  it('waits for the first endpoint when asked to', async () => {
    const call = world.client().one({ text: 'x' }, { waitForReady: true, timeoutMs: 60_000 });
    await clock.advance(5000);
    await world.serve({ one: async ({ text }) => ({ text }) });
    assert.equal((await clock.run(call)).text, 'x');
  });

  it('gives up waiting at the deadline and says what it waited for', async () => {
    const call = errorOf(world.client().one({}, { waitForReady: true, timeoutMs: 700 }));
    await clock.advance(699);
    await clock.advance(1);
    const error = await call;
    assert.equal(error.code, Code.DEADLINE_EXCEEDED);
    assert.match(error.details, /waiting for a connection to memory:\/\/\/echo/);
    assert.equal(clock.now(), 700);
  });

  it('leaves the waiting room when cancelled', async () => {
    const controller = new AbortController();
    const channel = world.channel();
    const call = errorOf(world.client(channel).one({}, { waitForReady: true, signal: controller.signal }));
    await clock.advance(10);
    assert.equal(channel.snapshot().waiting, 1);
    controller.abort();
    assert.equal((await call).code, Code.CANCELLED);
    assert.equal(channel.snapshot().waiting, 0);
  });

  it('fails at once when every endpoint refuses, naming address and cause, and recovers when one comes up', async () => {
    await world.registry.register({ service: 'echo', host: '127.0.0.1', port: 4711 });
    const client = world.client();
    const error = await errorOf(clock.run(client.one({})));
    assert.equal(error.code, Code.UNAVAILABLE);
    assert.equal(error.reason, 'CONNECT_FAILED');
    assert.match(
      error.details,
      /cannot connect to memory:\/\/\/echo, its only endpoint: nobody listens on 127\.0\.0\.1:4711/,
    );
    await world.serve({ one: async () => ({ text: 'up' }) }, { port: 4711, register: false });
    await clock.advance(3000);
    assert.equal((await client.one({})).text, 'up');
  });

  it('spreads calls over all endpoints and follows the registry without a failed call', async () => {
    const served: number[] = [];
    const start = (id: number): Promise<unknown> =>
      world.serve({
        one: async () => {
          served.push(id);
          return {};
        },
      });
    await start(1);
    const client = world.client();
    await client.one({});
    await start(2);
    await clock.advance(10);
    served.length = 0;
    for (let call = 0; call < 10; call++) await client.one({});
    assert.deepEqual([served.filter((id) => id === 1).length, served.filter((id) => id === 2).length], [5, 5]);
  });

  it('drains an endpoint that has left the registry: calls in flight finish, new ones go elsewhere', async () => {
    let finish: ((text: string) => void) | undefined;
    const first = await world.serve(
      { one: () => new Promise((resolve) => (finish = (text) => resolve({ text }))) },
      { register: false },
    );
    const registration = await world.registry.register({ service: 'echo', ...first.address });
    const channel = world.channel();
    const client = world.client(channel);
    const inFlight = client.one({});
    await clock.advance(10);
    await world.serve({ one: async () => ({ text: 'second' }) });
    await registration.deregister();
    await clock.advance(10);
    assert.equal((await client.one({})).text, 'second');
    assert.deepEqual(states(channel), ['ready']);
    finish?.('first');
    assert.equal((await inFlight).text, 'first');
  });

  it('passes an endpoint by that has answered three calls with silence, until its pause is over', async () => {
    let hung = true;
    const served = { sick: 0, well: 0 };
    await world.serve({
      one: () => {
        served.sick += 1;
        return hung ? new Promise(() => {}) : Promise.resolve({});
      },
    });
    await world.serve({
      one: async () => {
        served.well += 1;
        return {};
      },
    });
    const client = world.client();
    const burst = async (calls: number): Promise<number> => {
      let failed = 0;
      for (let call = 0; call < calls; call++)
        await clock.run(client.one({}, { timeoutMs: 50 })).catch(() => (failed += 1));
      return failed;
    };
    assert.equal(await burst(20), 3);
    assert.equal(served.sick, 3);
    assert.equal(await burst(5), 0);
    hung = false;
    await clock.advance(1000);
    served.sick = 0;
    assert.equal(await burst(10), 0);
    assert.ok(served.sick > 0, 'the endpoint was never tried again');
  });

  it('uses troubled endpoints when there are no others', async () => {
    await world.serve({ one: () => new Promise(() => {}) });
    const client = world.client();
    for (let call = 0; call < 6; call++) {
      const error = await errorOf(clock.run(client.one({}, { timeoutMs: 50 })));
      assert.equal(error.code, Code.DEADLINE_EXCEEDED);
    }
  });

  it('ends waiting calls with CLIENT_CLOSED when it is closed, and refuses new ones', async () => {
    const channel = world.channel();
    const client = world.client(channel);
    const waiting = errorOf(client.one({}, { waitForReady: true }));
    await clock.advance(10);
    await channel.close();
    assert.equal((await waiting).reason, 'CLIENT_CLOSED');
    assert.equal((await errorOf(client.one({}))).reason, 'CLIENT_CLOSED');
  });

  it('refuses a target of another scheme than its registry', () => {
    assert.throws(
      () => world.channel({ target: 'consul:///echo' }),
      (error) => error instanceof ConfigError && /memory:\/\/ URI/.test(error.message),
    );
  });

  it('refuses to send credentials without TLS', async () => {
    await world.serve({ one: async () => ({}) });
    const client = world.client(world.channel({ credentials: () => ({ authorization: 'Bearer x' }) }));
    const error = await errorOf(client.one({}));
    assert.equal(error.code, Code.UNAUTHENTICATED);
    assert.match(error.details, /tls/);
  });

  it('asks the credentials of channel and call once per call and adds what they give', async () => {
    const seen: unknown[] = [];
    await world.serve({
      one: async (_request, context) => {
        seen.push(context.metadata.get('authorization'), context.metadata.get('x-more'));
        return {};
      },
    });
    const client = world.client(world.channel({ tls: {}, credentials: async ({ path }) => ({ authorization: path }) }));
    await client.one({}, { credentials: () => ({ 'x-more': 'y' }) });
    assert.deepEqual(seen, ['/test.v1.Echo/One', 'y']);
    const error = await errorOf(
      client.one(
        {},
        {
          credentials: () => {
            throw new Error('vault sealed');
          },
        },
      ),
    );
    assert.equal(error.code, Code.UNAVAILABLE);
    assert.match(error.details, /vault sealed/);
  });

  it('reconnects by itself after the server has gone and come back', async () => {
    const listener = await world.serve({ one: async () => ({ text: 'old' }) });
    const client = world.client();
    assert.equal((await client.one({})).text, 'old');
    await listener.close();
    await settleMicrotasks();
    await world.serve({ one: async () => ({ text: 'new' }) }, { port: listener.address.port, register: false });
    await clock.advance(200);
    assert.equal((await client.one({})).text, 'new');
  });
});
