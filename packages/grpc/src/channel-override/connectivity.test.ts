import assert from 'node:assert/strict';
import { connectivityState } from '@grpc/grpc-js';
import { createRuntime } from '@breakwater/core';
import { FakeClock, settleMicrotasks } from '@breakwater/core/testing';
import { inMemoryRegistry, roundRobin, type InMemoryRegistry } from '@breakwater/discovery';
import { Channel, clientLimits, inProcessTransport, serverLimits } from '@breakwater/rpc';
import { Connectivity } from './connectivity.js';

const { CONNECTING, IDLE, READY, SHUTDOWN, TRANSIENT_FAILURE } = connectivityState;
const FOREVER = Number.POSITIVE_INFINITY;

describe('Connectivity', () => {
  const clock = new FakeClock();
  const runtime = createRuntime({ clock });
  const transport = inProcessTransport();
  let registry: InMemoryRegistry;
  let channel: Channel;
  let connectivity: Connectivity;
  let told: (Error | undefined)[];
  const watch = (from: connectivityState, deadline: number): void =>
    connectivity.watch(from, deadline, (error) => told.push(error));
  beforeEach(() => {
    registry = inMemoryRegistry({ clock });
    channel = new Channel({
      target: 'memory:///any',
      registry,
      transport,
      picker: roundRobin,
      limits: clientLimits(),
      backoff: { initialMs: 10, maxMs: 100 },
      runtime,
      drainGraceMs: 0,
    });
    connectivity = new Connectivity(channel, clock);
    told = [];
  });
  afterEach(async () => {
    await channel.close();
    await registry.close();
    await clock.advance(1000);
    assert.equal(clock.pendingTimers, 0, 'a timer leaked');
  });

  it('follows the channel from IDLE to SHUTDOWN', async () => {
    assert.equal(connectivity.state, IDLE);
    connectivity.connect();
    assert.equal(connectivity.state, TRANSIENT_FAILURE, 'nobody is registered');
    watch(TRANSIENT_FAILURE, FOREVER);
    await settleMicrotasks();
    assert.deepEqual(told, []);
    const listener = await transport.listen(
      { name: 'any', host: '127.0.0.1', port: 0, limits: serverLimits(), runtime },
      new Map(),
    );
    const registered = registry.register({ service: 'any', ...listener.address });
    assert.equal(connectivity.state, CONNECTING);
    await registered;
    await settleMicrotasks();
    assert.deepEqual(told, [undefined]);
    assert.equal(connectivity.state, READY);
    await channel.close();
    assert.equal(connectivity.state, SHUTDOWN);
    await listener.close();
  });

  it('tells a watcher whose state has passed already, but not at once', async () => {
    watch(READY, FOREVER);
    assert.deepEqual(told, []);
    await settleMicrotasks();
    assert.deepEqual(told, [undefined]);
  });

  it('gives up at the deadline, and leaves nothing behind', async () => {
    watch(IDLE, clock.wallNow() + 50);
    watch(IDLE, clock.wallNow() - 1);
    watch(IDLE, Number.NaN);
    await settleMicrotasks();
    assert.equal(told.length, 2);
    await clock.advance(49);
    assert.equal(told.length, 2);
    await clock.advance(1);
    assert.equal(told.length, 3);
    for (const error of told) assert.match(error?.message ?? '', /Deadline passed/);
    connectivity.connect();
    await settleMicrotasks();
    assert.equal(told.length, 3);
  });

  it('listens to the channel only while somebody waits, and leaves no timer behind', async () => {
    let listening = 0;
    const subscribe = channel.onStateChange.bind(channel);
    channel.onStateChange = (listener) => {
      const stop = subscribe(listener);
      listening += 1;
      return () => {
        listening -= 1;
        stop();
      };
    };
    watch(IDLE, clock.wallNow() + 60_000);
    watch(IDLE, FOREVER);
    assert.equal(listening, 1);
    connectivity.connect();
    await settleMicrotasks();
    assert.deepEqual(told, [undefined, undefined]);
    assert.deepEqual([listening, clock.pendingTimers], [0, 0]);
    watch(TRANSIENT_FAILURE, clock.wallNow() + 10);
    assert.equal(listening, 1);
    await clock.advance(10);
    assert.equal(listening, 0);
  });

  it('is SHUTDOWN for those who wait and those who come when it is shut down, whatever the channel does', async () => {
    watch(IDLE, FOREVER);
    connectivity.shutDown();
    await settleMicrotasks();
    assert.deepEqual(told, [undefined]);
    assert.throws(() => watch(SHUTDOWN, FOREVER), /Channel has been shut down/);
    connectivity.connect();
    assert.equal(channel.state, 'idle');
    assert.equal(connectivity.state, SHUTDOWN);
  });
});
