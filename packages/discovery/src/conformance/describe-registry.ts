import assert from 'node:assert/strict';
import { Code, ConfigError } from '@breakwater/core';
import type { EndpointSet } from '../endpoint.js';
import { parseTarget, type Target } from '../target.js';
import { ports, quietTurn, until, type RegistryHarness } from './harness.js';
import { describeRegistryTroubles } from './troubles.js';

/** Makes a fresh, empty registry for one test; names of services are unique per test all the same. */
export type RegistryFactory = () => Promise<RegistryHarness>;

/**
 * What every registry must do, as a mocha suite. Call it at the top level of a test file, with the mocha globals present.
 * Tests that need an ability the harness leaves out are not defined.
 * @param abilities what the harnesses that `factory` makes can do
 */
export function describeRegistry(
  name: string,
  factory: RegistryFactory,
  abilities: { readonly setHealth: boolean; readonly interrupt: boolean },
): void {
  describe(`${name} as a registry`, function () {
    this.timeout(60_000);
    let harness: RegistryHarness;
    let serial = 0;
    let service = '';
    const target = (query = ''): Target => parseTarget(`${harness.registry.scheme}:///${service}${query}`);

    beforeEach(async () => {
      harness = await factory();
      serial += 1;
      service = `conformance-${serial}`;
    });
    afterEach(() => harness.close());

    it('finds a registered instance with all it was registered with', async () => {
      const registration = await harness.registry.register({
        ...{ service, host: '127.0.0.1', port: 5001, weight: 3 },
        tags: ['v2', 'blue'],
        meta: { zone: 'a' },
      });
      assert.equal(registration.state.kind, 'registered');
      const watcher = harness.registry.watch(target());
      const set = await until(watcher, 'the instance', ({ endpoints }) => endpoints.length === 1);
      const [endpoint] = set.endpoints;
      assert.deepEqual(
        {
          host: endpoint?.host,
          port: endpoint?.port,
          weight: endpoint?.weight,
          tags: endpoint?.tags,
          meta: endpoint?.meta,
          health: endpoint?.health,
        },
        { host: '127.0.0.1', port: 5001, weight: 3, tags: ['v2', 'blue'], meta: { zone: 'a' }, health: 'passing' },
      );
      assert.equal(set.stale, false);
      assert.equal(set.unavailable, undefined);
    });

    it('finds every instance of a service and none of another', async () => {
      const { registry } = harness;
      await registry.register({ service: `${service}-other`, host: '127.0.0.1', port: 5009 });
      await Promise.all(
        [5001, 5002, 5003, 5004, 5005].map((port) => registry.register({ service, host: '127.0.0.1', port })),
      );
      const set = await until(registry.watch(target()), 'five instances', ({ endpoints }) => endpoints.length === 5);
      assert.deepEqual(ports(set), [5001, 5002, 5003, 5004, 5005]);
      assert.equal(new Set(set.endpoints.map(({ id }) => id)).size, 5);
    });

    it('says at once that a name is unknown, and which registry was asked', async () => {
      const set = await until(harness.registry.watch(target()), 'an answer', () => true);
      assert.deepEqual(set.endpoints, []);
      assert.equal(set.unavailable?.code, Code.UNAVAILABLE);
      assert.equal(set.unavailable?.reason, 'NO_ENDPOINTS');
      assert.equal(set.unavailable?.origin, 'local');
      assert.ok(set.unavailable?.details.includes(harness.registry.description), set.unavailable?.details);
      assert.ok(set.unavailable?.details.includes(service), set.unavailable?.details);
    });

    it('hints at a name that is spelt nearly the same', async () => {
      await harness.registry.register({ service, host: '127.0.0.1', port: 5001 });
      const misspelt = parseTarget(`${harness.registry.scheme}:///${service.replace('formance', 'fromance')}`);
      const set = await until(harness.registry.watch(misspelt), 'an answer', () => true);
      assert.match(set.unavailable?.details ?? '', new RegExp(`did you mean "${service}"`));
    });

    it('tells a watcher when a service appears that was not there', async () => {
      const watcher = harness.registry.watch(target());
      await until(watcher, 'the empty answer', ({ unavailable }) => unavailable?.reason === 'NO_ENDPOINTS');
      await harness.registry.register({ service, host: '127.0.0.1', port: 5001 });
      const set = await until(watcher, 'the instance', ({ endpoints }) => endpoints.length === 1);
      assert.equal(set.unavailable, undefined);
    });

    it('drops a deregistered instance at once while others stay', async () => {
      const { registry } = harness;
      const [, second] = await Promise.all(
        [5001, 5002, 5003].map((port) => registry.register({ service, host: '127.0.0.1', port })),
      );
      const watcher = registry.watch(target());
      await until(watcher, 'three instances', ({ endpoints }) => endpoints.length === 3);
      const states: string[] = [];
      second?.onState(({ kind }) => states.push(kind));
      await second?.deregister();
      await second?.deregister();
      assert.deepEqual(
        ports(await until(watcher, 'two instances', ({ endpoints }) => endpoints.length === 2)),
        [5001, 5003],
      );
      assert.deepEqual(states, ['deregistered']);
      assert.equal(second?.state.kind, 'deregistered');
    });

    it('gives an instance that comes back a new generation', async () => {
      const { registry } = harness;
      const first = await registry.register({ service, host: '127.0.0.1', port: 5001 });
      const watcher = registry.watch(target());
      const before = await until(watcher, 'the instance', ({ endpoints }) => endpoints[0]?.health === 'passing');
      await first.deregister();
      await until(watcher, 'its absence', ({ endpoints }) => endpoints[0]?.health !== 'passing');
      await registry.register({ service, host: '127.0.0.1', port: 5001 });
      const after = await until(watcher, 'the instance again', ({ endpoints }) => endpoints[0]?.health === 'passing');
      assert.equal(after.endpoints[0]?.id, before.endpoints[0]?.id);
      assert.notEqual(after.endpoints[0]?.generation, before.endpoints[0]?.generation);
    });

    it('finds only instances with the tag that a target asks for', async () => {
      const { registry } = harness;
      await registry.register({ service, host: '127.0.0.1', port: 5001, tags: ['v1'] });
      await registry.register({ service, host: '127.0.0.1', port: 5002, tags: ['v1', 'v2'] });
      const v2 = await until(
        registry.watch(target('?tag=v2')),
        'one instance',
        ({ endpoints }) => endpoints.length === 1,
      );
      assert.deepEqual(ports(v2), [5002]);
      const v3 = await until(registry.watch(target('?tag=v3')), 'an answer', () => true);
      assert.equal(v3.unavailable?.reason, 'NO_ENDPOINTS');
      assert.match(v3.unavailable?.details ?? '', /no instance .*"v3"/);
    });

    it('refuses targets and instances that make no sense, naming the field', async () => {
      const { registry } = harness;
      const refused = (field: RegExp) => (error: unknown) => error instanceof ConfigError && field.test(error.message);
      assert.throws(() => registry.watch(target('?tga=v2')), refused(/tga.*did you mean tag/));
      assert.throws(() => registry.watch(target('?tag=a&tag=b')), refused(/tag is given twice/));
      await assert.rejects(registry.register({ service, host: '127.0.0.1', port: 0 }), refused(/instance\.port is 0/));
      await assert.rejects(registry.register({ service, host: '127.0.0.1' } as never), refused(/instance\.port/));
      await assert.rejects(
        registry.register({ service: '', host: '127.0.0.1', port: 1 }),
        refused(/instance\.service/),
      );
      await assert.rejects(registry.register({ service, host: '0.0.0.0', port: 1 }), refused(/instance\.host/));
      await assert.rejects(
        registry.register({ service, host: '127.0.0.1', port: 1, weight: 0 }),
        refused(/instance\.weight/),
      );
      await assert.rejects(
        registry.register({ service, host: '127.0.0.1', port: 1, prot: 2 } as never),
        refused(/prot/),
      );
    });

    it('lists services with tags and the number of instances', async () => {
      const { registry } = harness;
      await registry.register({ service, host: '127.0.0.1', port: 5001, tags: ['b'] });
      await registry.register({ service, host: '127.0.0.1', port: 5002, tags: ['a'] });
      await until(registry.watch(target()), 'two instances', ({ endpoints }) => endpoints.length === 2);
      const line = (await registry.services()).find(({ name: listed }) => listed === service);
      assert.deepEqual(line, { name: service, tags: ['a', 'b'], passing: 2, total: 2 });
    });

    it('serves watches of equal targets from one answer, until the last is closed', async () => {
      const { registry } = harness;
      await registry.register({ service, host: '127.0.0.1', port: 5001 });
      const one = registry.watch(target());
      const other = registry.watch(target());
      const set = await until(one, 'the instance', ({ endpoints }) => endpoints.length === 1);
      assert.equal(await until(other, 'the instance', ({ endpoints }) => endpoints.length === 1), set);
      one.close();
      one.close();
      await registry.register({ service, host: '127.0.0.1', port: 5002 });
      await until(other, 'two instances', ({ endpoints }) => endpoints.length === 2);
    });

    it('never calls a listener from within subscribe, and tells a late one what is known', async () => {
      await harness.registry.register({ service, host: '127.0.0.1', port: 5001 });
      const watcher = harness.registry.watch(target());
      await until(watcher, 'the instance', ({ endpoints }) => endpoints.length === 1);
      let heard: EndpointSet | undefined;
      watcher.subscribe((set) => (heard = set));
      assert.equal(heard, undefined);
      await Promise.resolve();
      assert.equal(heard, watcher.current);
    });

    it('tells nothing after the subscription or the watcher has ended', async () => {
      const { registry } = harness;
      await registry.register({ service, host: '127.0.0.1', port: 5001 });
      const watcher = registry.watch(target());
      const witness = registry.watch(target());
      await until(watcher, 'the instance', ({ endpoints }) => endpoints.length === 1);
      let heard = 0;
      watcher.subscribe(() => (heard += 1))();
      watcher.subscribe(() => (heard += 1));
      watcher.close();
      watcher.subscribe(() => (heard += 1));
      await registry.register({ service, host: '127.0.0.1', port: 5002 });
      await until(witness, 'two instances', ({ endpoints }) => endpoints.length === 2);
      assert.equal(heard, 0);
    });

    it('publishes sets that nobody can change, and none twice', async () => {
      const { registry } = harness;
      const first = await registry.register({ service, host: '127.0.0.1', port: 5001, meta: { zone: 'a' } });
      const watcher = registry.watch(target());
      const heard: EndpointSet[] = [];
      watcher.subscribe((set) => heard.push(set));
      const set = await until(watcher, 'the instance', ({ endpoints }) => endpoints.length === 1);
      for (const part of [set, set.endpoints, set.endpoints[0], set.endpoints[0]?.tags, set.endpoints[0]?.meta])
        assert.ok(Object.isFrozen(part));
      await registry.register({ service: `${service}-other`, host: '127.0.0.1', port: 5009 });
      await until(
        registry.watch(parseTarget(`${registry.scheme}:///${service}-other`)),
        'the other service',
        ({ endpoints }) => endpoints.length === 1,
      );
      await quietTurn();
      assert.deepEqual(heard, [set]);
      await first.deregister();
    });

    it('ends every watch when it is closed, and takes no new ones', async () => {
      const { registry } = harness;
      await registry.register({ service, host: '127.0.0.1', port: 5001 });
      const watcher = registry.watch(target());
      const last = await until(watcher, 'the instance', ({ endpoints }) => endpoints.length === 1);
      let heard = 0;
      watcher.subscribe(() => (heard += 1));
      await registry.close();
      await registry.close();
      await quietTurn();
      assert.equal(heard, 0);
      assert.equal(watcher.current, last);
      assert.throws(() => registry.watch(target()), ConfigError);
      await assert.rejects(registry.register({ service, host: '127.0.0.1', port: 5002 }), ConfigError);
    });

    describeRegistryTroubles(
      () => harness,
      () => service,
      abilities,
    );
  });
}
