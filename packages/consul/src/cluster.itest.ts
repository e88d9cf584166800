import assert from 'node:assert/strict';
import { parseTarget, type EndpointSet } from '@breakwater/discovery';
import { ports, until } from '@breakwater/discovery/conformance';
import { consul } from './index.js';
import {
  eventually,
  leaderOf,
  requireConsul,
  startCluster,
  type ConsulProcess,
} from './testing/system-consul-process.js';

describe('with a cluster of three Consul servers', function () {
  this.timeout(90_000);
  let servers: readonly ConsulProcess[] = [];
  before(async function () {
    servers = await startCluster(requireConsul(this));
  });
  after(() => Promise.all(servers.map((server) => server.stop())));

  it('goes on finding instances while the leader is killed, and hears of new ones from the next leader', async () => {
    const leader = await eventually('a leader', () => leaderOf(servers[0]?.address ?? ''));
    const leading = servers.find(({ host }) => leader.startsWith(`${host}:`));
    const [provider, consumer] = servers.filter((server) => server !== leading);
    assert.ok(leading !== undefined && provider !== undefined && consumer !== undefined);
    const announcing = consul({ address: provider.address });
    const finding = consul({ address: consumer.address });
    const service = 'payments';
    try {
      await Promise.all([5001, 5002].map((port) => announcing.register({ service, host: '127.0.0.1', port })));
      const watcher = finding.watch(parseTarget(`consul:///${service}`));
      await until(watcher, 'two instances', ({ endpoints }) => endpoints.length === 2);
      const heard: EndpointSet[] = [];
      watcher.subscribe((set) => heard.push(set));

      await leading.kill();
      // A watch that begins while there is no leader: any server may answer.
      const late = finding.watch(parseTarget(`consul:///${service}?passing=true`));
      const whileElecting = await until(late, 'an answer without a leader', ({ endpoints }) => endpoints.length === 2);
      assert.equal(whileElecting.unavailable, undefined);

      const next = await eventually('another leader', async () => {
        const known = await leaderOf(consumer.address);
        return known === leader ? undefined : known;
      });
      assert.notEqual(next, leader);
      await announcing.register({ service, host: '127.0.0.1', port: 5003 });
      const set = await until(watcher, 'the new instance', ({ endpoints }) => endpoints.length === 3);
      assert.deepEqual(ports(set), [5001, 5002, 5003]);
      for (const { endpoints, unavailable } of heard) {
        assert.ok(endpoints.filter(({ health }) => health === 'passing' || health === 'suspect').length >= 2);
        assert.equal(unavailable, undefined);
      }

      await leading.restart();
      await announcing.register({ service, host: '127.0.0.1', port: 5004 });
      await until(watcher, 'news after the old leader came back', ({ endpoints }) => endpoints.length === 4);
    } finally {
      await announcing.close();
      await finding.close();
    }
  });
});
