import assert from 'node:assert/strict';
import { parseTarget } from '../target.js';
import { ports, until, type RegistryHarness } from './harness.js';

/** The part of the suite that needs checks to fail or the registry to go away. */
export function describeRegistryTroubles(
  harnessOf: () => RegistryHarness,
  serviceOf: () => string,
  abilities: { readonly setHealth: boolean; readonly interrupt: boolean },
): void {
  const register = async (...portsToUse: readonly number[]) => {
    const { registry } = harnessOf();
    const service = serviceOf();
    const registrations = await Promise.all(
      portsToUse.map((port) => registry.register({ service, host: '127.0.0.1', port })),
    );
    const watcher = registry.watch(parseTarget(`${registry.scheme}:///${service}`));
    await until(watcher, 'all instances', ({ endpoints }) => endpoints.length === portsToUse.length);
    return { registrations, watcher, service, harness: harnessOf() };
  };
  const healths = (watcher: {
    current: { endpoints: readonly { port: number; health: string }[] } | undefined;
  }): readonly string[] =>
    [...(watcher.current?.endpoints ?? [])].sort((a, b) => a.port - b.port).map(({ health }) => health);

  if (abilities.setHealth) {
    it('keeps a critical instance in the set: critical is not gone', async () => {
      const { harness, registrations, service, watcher } = await register(5001, 5002, 5003);
      await harness.setHealth?.(service, registrations[1]?.id ?? '', 'critical');
      const set = await until(watcher, 'one critical', ({ endpoints }) =>
        endpoints.some(({ health }) => health === 'critical'),
      );
      assert.deepEqual(ports(set), [5001, 5002, 5003]);
      assert.deepEqual(healths(watcher), ['passing', 'critical', 'passing']);
    });

    it('reports a warning as such', async () => {
      const { harness, registrations, service, watcher } = await register(5001, 5002);
      await harness.setHealth?.(service, registrations[0]?.id ?? '', 'warning');
      await until(watcher, 'one warning', ({ endpoints }) => endpoints.some(({ health }) => health === 'warning'));
      assert.deepEqual(healths(watcher), ['warning', 'passing']);
    });

    it('holds the only instance as suspect when it turns critical, and believes in it when it passes again', async () => {
      const { harness, registrations, service, watcher } = await register(5001);
      const id = registrations[0]?.id ?? '';
      await harness.setHealth?.(service, id, 'critical');
      const set = await until(watcher, 'a suspect', ({ endpoints }) => endpoints[0]?.health === 'suspect');
      assert.equal(set.unavailable, undefined);
      await harness.setHealth?.(service, id, 'passing');
      await until(watcher, 'health', ({ endpoints }) => endpoints[0]?.health === 'passing');
    });
  }

  if (abilities.interrupt) {
    it('keeps the last good answer, marked stale, while the registry is out of reach, and a fresh one afterwards', async () => {
      const { harness, service, watcher } = await register(5001, 5002);
      const outage = await harness.interrupt?.();
      const stale = await until(watcher, 'a stale set', (set) => set.stale);
      assert.deepEqual(ports(stale), [5001, 5002]);
      assert.equal(stale.unavailable, undefined);
      await outage?.resume();
      // State may be lost: instances register again by themselves.
      await until(
        watcher,
        'fresh, healthy instances',
        (set) => !set.stale && set.endpoints.filter(({ health }) => health === 'passing').length === 2,
      );
      await harness.registry.register({ service, host: '127.0.0.1', port: 5003 });
      await until(
        watcher,
        'news',
        ({ endpoints }) => endpoints.filter(({ health }) => health === 'passing').length === 3,
      );
    });

    it('says that the registry is out of reach when it was so from the start, and recovers', async () => {
      const harness = harnessOf();
      const outage = await harness.interrupt?.();
      const watcher = harness.registry.watch(parseTarget(`${harness.registry.scheme}:///${serviceOf()}`));
      const set = await until(watcher, 'an answer', () => true);
      assert.equal(set.unavailable?.reason, 'REGISTRY_UNAVAILABLE');
      assert.equal(set.unavailable?.origin, 'local');
      assert.ok(set.unavailable?.details.includes(harness.registry.description), set.unavailable?.details);
      await outage?.resume();
      await until(watcher, 'an answer of the registry', ({ unavailable }) => unavailable?.reason === 'NO_ENDPOINTS');
    });
  }
}
