import assert from 'node:assert/strict';
import { Cancellation, Code, ConfigError, createRuntime, Metadata, RpcError } from '@breakwater/core';
import { FakeClock, settleMicrotasks } from '@breakwater/core/testing';
import { type EndpointSet, inMemoryRegistry, type Registry } from '@breakwater/discovery';
import type { Transport } from '../transport/transport.js';
import { World } from '../testing/world.js';

const errorOf = async (promise: Promise<unknown>): Promise<RpcError> => {
  const error = await promise.then(
    () => assert.fail('the call succeeded'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof RpcError, `not an RpcError: ${String(error)}`);
  return error;
};
const never = (): Promise<never> => new Promise(() => {});

describe('Channel, when things go wrong,', () => {
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

  /** One call in flight on an endpoint that has left the registry. */
  const leftBehind = async () => {
    const listener = await world.serve({ one: never }, { register: false });
    const registration = await world.registry.register({ service: 'echo', ...listener.address });
    const channel = world.channel({ drainGraceMs: 1000 });
    const call = errorOf(world.client(channel).one({}));
    await clock.advance(10);
    // One of two: a registry that loses all at once is not believed.
    await world.serve({ one: async () => ({}) });
    await registration.deregister();
    await clock.advance(10);
    assert.equal(listener.inFlight, 1);
    assert.equal(channel.snapshot().endpoints.length, 1);
    return { channel, call };
  };

  it('says that the endpoint has gone when a call outlives its grace there, so that it may be tried elsewhere', async () => {
    const { call } = await leftBehind();
    await clock.advance(1000);
    const error = await call;
    assert.equal(error.code, Code.UNAVAILABLE);
    assert.equal(error.reason, 'DRAINING');
    assert.equal(error.origin, 'remote');
    assert.match(error.details, /left the registry, and the call was not over 1000 ms later/);
  });

  it('takes connections along that drain when it is closed', async () => {
    const { channel, call } = await leftBehind();
    await channel.close();
    const error = await call;
    assert.equal(error.reason, 'CLIENT_CLOSED');
    assert.equal(clock.now(), 20);
  });

  it('gives calls on draining connections the grace of the closing channel, not more', async () => {
    const { channel, call } = await leftBehind();
    const closed = channel.close(300);
    await clock.advance(299);
    const early = await Promise.race([call, settleMicrotasks()]);
    assert.equal(early, undefined);
    await clock.advance(1);
    assert.equal((await call).reason, 'CLIENT_CLOSED');
    await closed;
  });

  it('is closed once: whoever closes it again waits for the same end', async () => {
    await world.serve({ one: never });
    const channel = world.channel();
    const call = errorOf(world.client(channel).one({}));
    await clock.advance(10);
    const first = channel.close(500);
    let over = false;
    const second = channel.close(0).then(() => (over = true));
    await clock.advance(499);
    assert.equal(over, false);
    await clock.advance(1);
    await Promise.all([first, second]);
    assert.equal((await call).reason, 'CLIENT_CLOSED');
  });

  it('rejects calls with what the registry throws, and leaves nothing behind', async () => {
    const registry = inMemoryRegistry({ clock });
    await registry.close();
    const client = world.client(world.channel({ registry }));
    for (let call = 0; call < 2; call++) {
      await assert.rejects(client.one({}), (error) => error instanceof ConfigError && /is closed/.test(error.message));
    }
  });

  it('finds TLS settings that cannot be used when it is made', () => {
    const transport: Transport = {
      ...world.transport,
      listen: never,
      connect: () => {
        throw new ConfigError('tls.ca', 'ca.pem', 'a file');
      },
    };
    assert.throws(() => world.channel({ transport, tls: { ca: 'ca.pem' } }), /tls\.ca/);
  });

  it('tells every waiting call, also when the picker of the application throws', async () => {
    let broken = true;
    const channel = world.channel({
      picker: (candidates) => ({
        pick: () => {
          if (!broken) return candidates[0];
          broken = false;
          throw new Error('picker out of order');
        },
      }),
    });
    const client = world.client(channel);
    const options = { waitForReady: true };
    const calls = Promise.allSettled([client.one({}, options), client.one({}, options)]);
    await clock.advance(10);
    await world.serve({ one: async () => ({}) });
    const [first, second] = await clock.run(calls);
    assert.match(String(first.status === 'rejected' && first.reason), /picker out of order/);
    assert.equal(second.status, 'fulfilled');
  });

  it('connects anew when the registry moves an endpoint without calling it a new one', async () => {
    const [here, there] = [
      await world.serve({ one: async () => ({ text: 'here' }) }, { register: false }),
      await world.serve({ one: async () => ({ text: 'there' }) }, { register: false }),
    ];
    const told: ((set: EndpointSet) => void)[] = [];
    const set = (port: number): EndpointSet => ({
      stale: false,
      endpoints: [
        { id: 'a', host: '127.0.0.1', port, health: 'passing', weight: 1, tags: [], meta: {}, generation: '1' },
      ],
    });
    const registry: Registry = {
      scheme: 'memory',
      description: 'a registry that is told what to say',
      register: never,
      services: async () => [],
      close: async () => {},
      watch: () => ({
        current: set(here.address.port),
        subscribe: (listener) => {
          told.push(listener);
          return () => {};
        },
        close: () => {},
      }),
    };
    const client = world.client(world.channel({ registry }));
    assert.equal((await client.one({})).text, 'here');
    told[0]?.(set(there.address.port));
    assert.equal((await client.one({})).text, 'there');
  });

  it('does not wait longer for credentials than the call has time', async () => {
    await world.serve({ one: async () => ({}) });
    const client = world.client(world.channel({ tls: {}, credentials: never }));
    const late = errorOf(client.one({}, { timeoutMs: 300 }));
    await clock.advance(300);
    const error = await late;
    assert.equal(error.code, Code.DEADLINE_EXCEEDED);
    assert.match(error.details, /credentials/);
    const controller = new AbortController();
    const cancelled = errorOf(client.one({}, { signal: controller.signal }));
    await clock.advance(1);
    controller.abort();
    assert.equal((await cancelled).code, Code.CANCELLED);
  });

  it('leaves no listener on the cancellation of an incoming call, wherever its own calls end', async () => {
    const cancellation = new Cancellation();
    const parent = { deadline: Number.POSITIVE_INFINITY, cancellation, propagated: Metadata.EMPTY };
    await world.serve({
      one: async () => ({}),
      collect: never,
      async *count() {
        yield {};
        yield {};
      },
    });
    const client = world.client(world.channel({ tls: {}, credentials: async () => ({}) }));
    await client.one({}, { parent });
    for await (const _note of client.count({}, { parent })) break;
    const silent = { [Symbol.asyncIterator]: () => ({ next: never }) };
    const late = errorOf(client.collect(silent, { parent, timeoutMs: 5 }));
    await clock.advance(5);
    assert.equal((await late).code, Code.DEADLINE_EXCEEDED);
    assert.equal(cancellation.listenerCount, 0);
  });
});
