import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import { FakeClock, settleMicrotasks } from '@breakwater/core/testing';
import { InMemoryRegistry, type Registry, type Watcher } from '@breakwater/discovery';
import type { ResolverListener } from './experimental.js';
import { ENDPOINTS_ATTRIBUTE, RegistryResolver } from './resolver.js';

type Heard = Parameters<ResolverListener>;

describe('RegistryResolver', () => {
  const target = { scheme: 'memory', authority: '', path: 'payments?tag=v2' };
  const registry = (): InMemoryRegistry => new InMemoryRegistry({ clock: new FakeClock() });

  const resolve = (from: Registry, options = {}, at: typeof target = target) => {
    const heard: Heard[] = [];
    const resolver = new RegistryResolver(from, at, (...result) => heard.push(result) > 0, options, 'breakwater_p2c');
    return { resolver, heard };
  };
  const addresses = (result: Heard | undefined): unknown =>
    result?.[0].ok === true ? result[0].value.map(({ addresses: [one] }) => one) : result?.[0];
  const instance = (port: number, weight = 1) => ({
    service: 'payments',
    host: '127.0.0.1',
    port,
    tags: ['v2'],
    weight,
  });

  it('publishes the endpoints of the target, query included, with what the registry says of them', async () => {
    const from = registry();
    await from.register(instance(5001, 3));
    await from.register({ ...instance(5002), tags: ['v1'] });
    const { resolver, heard } = resolve(from);
    resolver.updateResolution();
    await settleMicrotasks();
    assert.deepEqual(addresses(heard[0]), [{ host: '127.0.0.1', port: 5001 }]);
    const facts = heard[0]?.[1][ENDPOINTS_ATTRIBUTE] as ReadonlyMap<string, { weight: number }>;
    assert.equal(facts.get('127.0.0.1|5001')?.weight, 3);
    resolver.destroy();
    await from.close();
  });

  it('never calls its listener synchronously', async () => {
    const from = registry();
    await from.register(instance(5001));
    const { resolver, heard } = resolve(from);
    resolver.updateResolution();
    assert.equal(heard.length, 0);
    await settleMicrotasks();
    assert.equal(heard.length, 1);
    resolver.destroy();
    await from.close();
  });

  it('does not repeat the list when it is asked to resolve again: that would spin', async () => {
    let refreshed = 0;
    const from = registry();
    await from.register(instance(5001));
    const watching: Registry = Object.assign(Object.create(from) as Registry, {
      watch: (at: Parameters<Registry['watch']>[0]): Watcher =>
        Object.assign(Object.create(from.watch(at)) as Watcher, { refresh: () => void refreshed++ }),
    });
    const { resolver, heard } = resolve(watching);
    for (let time = 0; time < 5; time++) {
      resolver.updateResolution();
      await settleMicrotasks();
    }
    assert.equal(heard.length, 1);
    assert.equal(refreshed, 4);
    resolver.destroy();
    await from.close();
  });

  it('is silent after destroy(), and wakes again as the same object', async () => {
    const from = registry();
    await from.register(instance(5001));
    const { resolver, heard } = resolve(from);
    resolver.updateResolution();
    resolver.destroy();
    await settleMicrotasks();
    assert.equal(heard.length, 0);
    resolver.updateResolution();
    await settleMicrotasks();
    assert.equal(heard.length, 1);
    resolver.destroy();
    await from.register(instance(5002));
    await settleMicrotasks();
    assert.equal(heard.length, 1);
    await from.close();
  });

  it('says nobody is there by an empty list and an error after it, so that calls fail at once with the reason', async () => {
    const from = registry();
    const { resolver, heard } = resolve(from);
    resolver.updateResolution();
    await settleMicrotasks();
    assert.deepEqual(addresses(heard[0]), []);
    const second = heard[1]?.[0];
    assert.ok(second?.ok === false);
    assert.equal(second.error.code, status.UNAVAILABLE);
    assert.match(second.error.details, /payments.*NO_ENDPOINTS/);
    await from.register(instance(5001));
    await settleMicrotasks();
    assert.deepEqual(addresses(heard[2]), [{ host: '127.0.0.1', port: 5001 }]);
    resolver.destroy();
    await from.close();
  });

  it('reports a target that the registry refuses as an error of the calls, not as an exception', async () => {
    const from = registry();
    const { resolver, heard } = resolve(from, {}, { ...target, path: 'payments?colour=blue' });
    resolver.updateResolution();
    await settleMicrotasks();
    const result = heard[0]?.[0];
    assert.ok(result?.ok === false);
    assert.match(result.error.details, /colour/);
    await from.close();
  });

  it("asks for our policy, unless the channel's own service config chooses", async () => {
    const from = registry();
    await from.register(instance(5001));
    for (const [options, expected] of [
      [{}, [{ breakwater_p2c: {} }]],
      [{ 'grpc.service_config': '{}' }, undefined],
    ] as const) {
      const { resolver, heard } = resolve(from, options);
      resolver.updateResolution();
      await settleMicrotasks();
      const config = heard[0]?.[2];
      assert.deepEqual(config?.ok === true ? config.value.loadBalancingConfig : undefined, expected);
      resolver.destroy();
    }
    await from.close();
  });
});
