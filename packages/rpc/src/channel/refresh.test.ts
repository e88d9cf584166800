import assert from 'node:assert/strict';
import { createRuntime } from '@breakwater/core';
import { FakeClock } from '@breakwater/core/testing';
import { dnsRegistry, type Registry } from '@breakwater/discovery';
import { World } from '../testing/world.js';

describe('Channel, on a registry that must be asked,', () => {
  let clock: FakeClock;
  let world: World;
  let registry: Registry;
  let addresses: readonly string[];
  let questions: number;
  beforeEach(() => {
    clock = new FakeClock();
    const runtime = createRuntime({ clock });
    world = new World(runtime);
    questions = 0;
    const resolve = async (): Promise<readonly string[]> => {
      questions += 1;
      return addresses;
    };
    registry = dnsRegistry({ resolve, runtime, intervalMs: 3_600_000, minIntervalMs: 5_000, suspectTtlMs: 0 });
  });
  afterEach(async () => {
    await world.close();
    await registry.close();
    await clock.advance(5000);
    assert.equal(clock.pendingTimers, 0, 'a timer leaked');
  });

  const dnsClient = () => world.client(world.channel({ registry, target: 'dns:///echo.test:4711' }));
  const serveOn = (host: string, text: string) =>
    world.serve({ one: async () => ({ text }) }, { host, port: 4711, register: false });

  it('asks anew when a connection is lost, and so finds a service that has moved', async () => {
    addresses = ['10.0.0.1'];
    const first = await serveOn('10.0.0.1', 'old');
    const client = dnsClient();
    assert.equal((await clock.run(client.one({}))).text, 'old');
    await clock.advance(60_000);
    assert.equal(questions, 1);
    await serveOn('10.0.0.2', 'new');
    addresses = ['10.0.0.2'];
    await first.close();
    await clock.advance(1);
    assert.equal(questions, 2);
    assert.equal((await clock.run(client.one({}))).text, 'new');
  });

  it('asks anew while every endpoint refuses, no more often than the registry allows', async () => {
    addresses = ['10.0.0.1'];
    const client = dnsClient();
    await assert.rejects(clock.run(client.one({})), { reason: 'CONNECT_FAILED' });
    await clock.advance(20_000);
    assert.ok(questions >= 4 && questions <= 5, `${questions} questions in 20 s`);
    await serveOn('10.0.0.2', 'new');
    addresses = ['10.0.0.2'];
    await clock.advance(5_000);
    assert.equal((await clock.run(client.one({}))).text, 'new');
  });

  it('leaves the registry alone while its connections hold', async () => {
    addresses = ['10.0.0.1', '10.0.0.2'];
    await Promise.all([serveOn('10.0.0.1', 'a'), serveOn('10.0.0.2', 'b')]);
    const client = dnsClient();
    for (let call = 0; call < 10; call++) {
      await clock.run(client.one({}));
      await clock.advance(6_000);
    }
    assert.equal(questions, 1);
  });
});
