import assert from 'node:assert/strict';
import { createRuntime } from '@breakwater/core';
import { FakeClock, settleMicrotasks } from '@breakwater/core/testing';
import { inMemoryRegistry, type Registry, type Watcher } from '@breakwater/discovery';
import { World } from '../testing/world.js';
import type { Channel } from './channel.js';
import { type ChannelState, StateWatch } from './state-watch.js';

describe('the state of a channel', () => {
  let clock: FakeClock;
  let world: World;
  let channel: Channel;
  let seen: string[];
  beforeEach(() => {
    clock = new FakeClock();
    world = new World(createRuntime({ clock }));
    channel = world.channel();
    seen = [];
    channel.onStateChange(() => seen.push(channel.state));
  });
  afterEach(async () => {
    await world.close();
    await clock.advance(5000);
    assert.equal(clock.pendingTimers, 0, 'a timer leaked');
  });

  it('is idle until connect(), which does what the first call would do, once', async () => {
    await world.serve({ one: async () => ({}) });
    assert.equal(channel.state, 'idle');
    channel.connect();
    channel.connect();
    assert.equal(channel.state, 'connecting');
    assert.deepEqual(seen, [], 'a listener was called from within a method');
    await settleMicrotasks();
    assert.equal(channel.state, 'ready');
    assert.equal(channel.snapshot().endpoints.length, 1);
    assert.deepEqual(seen.slice(-1), ['ready']);
    await world.client(channel).one({});
    await clock.advance(1000);
    assert.deepEqual(seen.slice(-1), ['ready']);
  });

  it('is failed while nobody is registered, and ready when somebody is', async () => {
    channel.connect();
    await settleMicrotasks();
    assert.equal(channel.state, 'failed');
    await world.serve({ one: async () => ({}) });
    await settleMicrotasks();
    assert.equal(channel.state, 'ready');
    assert.deepEqual(seen.slice(-1), ['ready']);
  });

  it('is failed while every endpoint refuses, and follows a server that comes and goes', async () => {
    await world.registry.register({ service: 'echo', host: '127.0.0.1', port: 4711 });
    channel.connect();
    await settleMicrotasks();
    assert.equal(channel.state, 'failed');
    const listener = await world.serve({ one: async () => ({}) }, { port: 4711, register: false });
    await clock.advance(200);
    assert.equal(channel.state, 'ready');
    await listener.close();
    await settleMicrotasks();
    assert.equal(channel.state, 'failed');
    assert.deepEqual(seen, ['connecting', 'failed', 'ready', 'connecting', 'failed']);
  });

  it('is closed at once by close(), and stays so', async () => {
    channel.connect();
    await settleMicrotasks();
    const closed = channel.close();
    assert.equal(channel.state, 'closed');
    await closed;
    await settleMicrotasks();
    channel.connect();
    assert.equal(channel.state, 'closed');
    assert.deepEqual(seen.slice(-1), ['closed']);
  });

  it('is not told to a listener that has been taken off, nor twice for the same', async () => {
    const told: string[] = [];
    const stop = channel.onStateChange(() => told.push(channel.state));
    await world.serve({ one: async () => ({}) });
    channel.connect();
    await settleMicrotasks();
    stop();
    await channel.close();
    await settleMicrotasks();
    assert.equal(told.at(-1), 'ready');
    for (let index = 1; index < seen.length; index++) assert.notEqual(seen[index], seen[index - 1]);
  });

  it('is connecting while the registry has not answered', async () => {
    const silent: Watcher = { current: undefined, subscribe: () => () => {}, close: () => {} };
    let watches = 0;
    const registry: Registry = Object.assign(inMemoryRegistry({ clock }), {
      watch: () => {
        watches += 1;
        return silent;
      },
    });
    channel = world.channel({ registry });
    channel.onStateChange(() => seen.push(channel.state));
    channel.connect();
    await settleMicrotasks();
    assert.deepEqual(seen, ['connecting']);
    await channel.close();
    const closed = world.channel({ registry });
    await closed.close();
    closed.connect();
    assert.equal(watches, 1, 'a closed channel began to watch');
  });

  it('that changes back within a turn is not told', async () => {
    let state: ChannelState = 'idle';
    let told = 0;
    const watch = new StateWatch(() => state);
    watch.subscribe(() => (told += 1));
    for (const next of ['connecting', 'idle'] as const) {
      state = next;
      watch.check();
    }
    await settleMicrotasks();
    assert.equal(told, 0);
    for (const next of ['connecting', 'ready'] as const) {
      state = next;
      watch.check();
    }
    await settleMicrotasks();
    assert.equal(told, 1);
  });

  it('stays idle when connect() throws because the registry is closed', async () => {
    await world.registry.close();
    assert.throws(() => channel.connect());
    assert.equal(channel.state, 'idle');
  });
});
