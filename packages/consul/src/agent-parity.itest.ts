import assert from 'node:assert/strict';
import { startAgent, type Agent } from '@breakwater/agent';
import { parseTarget } from '@breakwater/discovery';
import { until } from '@breakwater/discovery/conformance';
import { consul } from './index.js';
import { eventually, requireConsul, startConsul, type ConsulProcess } from './testing/system-consul-process.js';
import { startTinyHealthServer } from './testing/tiny-health-server.js';

type Exchange = readonly [method: string, path: string, body?: string];

/** What one client does, in order; every answer must be the same from both. */
const EXCHANGES: readonly Exchange[] = [
  ['GET', '/v1/health/service/pay'],
  [
    'PUT',
    '/v1/agent/service/register',
    '{"Name":"pay","ID":"p1","Port":5000,"Tags":["v1"],"Meta":{"a":"b"},"Check":{"TTL":"60s","Status":"passing"}}',
  ],
  ['GET', '/v1/health/service/pay'],
  ['GET', '/v1/health/service/pay?passing'],
  ['GET', '/v1/health/service/pay?passing=false'],
  ['GET', '/v1/health/service/pay?tag=v1'],
  ['GET', '/v1/health/service/pay?tag=v9'],
  ['GET', '/v1/health/service/pay?stale'],
  ['GET', '/v1/health/service/pay?consistent'],
  ['GET', '/v1/health/service/pay?stale&consistent'],
  ['GET', '/v1/health/service/pay?dc=other'],
  ['GET', '/v1/health/service/pay?index=abc'],
  ['GET', '/v1/health/service/pay?index=-1'],
  ['GET', '/v1/health/service/pay?index=5&wait=bogus'],
  ['GET', '/v1/health/service/pay?index=5&wait=10'],
  ['GET', '/v1/health/service/pay?passing=bogus'],
  ['GET', '/v1/health/service/pay?index=9999999&wait=100ms'],
  ['GET', '/v1/health/service/'],
  ['POST', '/v1/health/service/pay'],
  ['GET', '/v1/health/checks/pay'],
  ['GET', '/v1/health/checks/'],
  ['GET', '/v1/health/state/nonsense'],
  ['GET', '/v1/catalog/service/pay'],
  ['GET', '/v1/catalog/service/'],
  ['GET', '/v1/agent/services'],
  ['GET', '/v1/agent/checks'],
  ['GET', '/v1/agent/service/none'],
  ['GET', '/v1/agent/service/register'],
  ['PUT', '/v1/agent/check/fail/service:p1'],
  [
    'PUT',
    '/v1/agent/service/register',
    '{"Name":"pay","ID":"p1","Port":5000,"Check":{"TTL":"60s","Status":"passing"}}',
  ],
  ['GET', '/v1/agent/checks'],
  ['PUT', '/v1/agent/check/pass/service:p1?note=alive'],
  ['PUT', '/v1/agent/check/pass/nope'],
  ['PUT', '/v1/agent/check/pass/'],
  ['PUT', '/v1/agent/check/update/service:p1', '{"Status":"warning","Output":"slow"}'],
  ['PUT', '/v1/agent/check/update/service:p1', '{"Status":"bogus"}'],
  ['PUT', '/v1/agent/check/update/nope', '{"Status":"passing"}'],
  ['GET', '/v1/health/service/pay'],
  ['PUT', '/v1/agent/service/register', ''],
  ['PUT', '/v1/agent/service/register', '{"ID":"p1"'],
  ['PUT', '/v1/agent/service/register', '{"ID":"p1"}'],
  ['PUT', '/v1/agent/service/register', '{"Name":"x","Bogus":1}'],
  ['PUT', '/v1/agent/service/register', '{"Name":"x","Check":{"Foo":"bogus"}}'],
  ['PUT', '/v1/agent/service/register', '{"Name":"x","Check":{"TTL":"bogus"}}'],
  ['PUT', '/v1/agent/service/register', '{"Name":"x","Check":{"GRPC":"127.0.0.1:1"}}'],
  ['PUT', '/v1/agent/service/register', '{"Name":"x","Check":{"TTL":"1s","Interval":"3s"}}'],
  ['PUT', '/v1/agent/service/register', '{"Name":"x","Check":{"TTL":"1s","Status":"zz"}}'],
  ['PUT', '/v1/agent/service/register', '{"Name":"x","Weights":{"Passing":-1}}'],
  ['PUT', '/v1/agent/service/register', '{"Name":"x","Weights":{"Passing":3,"Warning":-1}}'],
  ['PUT', '/v1/agent/service/register', '{"Name":"x","Weights":{"Passing":300000,"Warning":1}}'],
  ['PUT', '/v1/agent/service/register', '{"Name":"x","Meta":{"bad key":"1"}}'],
  ['PUT', '/v1/agent/service/register', '{"Name":"x","Meta":{"consul-a":"1"}}'],
  ['PUT', '/v1/agent/service/register', '{"Name":"x","Meta":{"a":3}}'],
  ['PUT', '/v1/agent/service/register', '{"Name":"x","Address":"0.0.0.0"}'],
  ['PUT', '/v1/agent/service/register', '{"Name":"x","Port":"abc"}'],
  ['PUT', '/v1/agent/service/register', '{"Name":"x","Tags":"a"}'],
  ['PUT', '/v1/agent/service/register', '{"Name":"x","Tags":[1]}'],
  ['PUT', '/v1/agent/service/register', '{"name":"snake","tags":["a"],"enable_tag_override":true,"check":{}}'],
  ['GET', '/v1/agent/services'],
  ['PUT', '/v1/agent/service/register', '{"Name":"two","Checks":[{"TTL":"60s"},{"TTL":"60s"}]}'],
  ['GET', '/v1/agent/checks'],
  ['PUT', '/v1/agent/service/deregister/nope'],
  ['PUT', '/v1/agent/service/deregister/'],
  ['PUT', '/v1/agent/service/deregister/p1'],
  ['GET', '/v1/health/service/pay'],
  ['GET', '/v1/agent/services'],
];

/** Fields whose values belong to one machine or one history; they must be there, whatever they are. */
const OWN = new Set([
  'Node',
  'CreateIndex',
  'ModifyIndex',
  'ID@Node',
  'Address@Node',
  'TaggedAddresses',
  'NodeMeta',
  'Address@catalog',
]);
/** What Consul has and the agent leaves out: nothing that a client of services needs. */
const LEFT_OUT = new Set(['Proxy', 'Connect', 'ServiceProxy', 'ServiceConnect', 'ServiceTaggedAddresses']);

function comparable(value: unknown): unknown {
  if (Array.isArray(value)) {
    // The check of the node itself is Consul's own.
    return value.filter((item: { CheckID?: unknown } | null) => item?.CheckID !== 'serfHealth').map(comparable);
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => !LEFT_OUT.has(key));
  const isCatalogRow = 'ServiceID' in value && 'ServicePort' in value;
  return Object.fromEntries(
    entries.map(([key, item]) => {
      const own = OWN.has(key) || (isCatalogRow && (key === 'ID' || key === 'Address'));
      // An empty map is null in some versions and {} in others.
      return [key, own ? '(own)' : key === 'Meta' ? (item ?? {}) : comparable(item)];
    }),
  );
}

describe('the embedded agent', function () {
  this.timeout(60_000);
  let server: ConsulProcess;
  let agent: Agent;
  before(async function () {
    server = await startConsul({ bin: requireConsul(this) });
    agent = await startAgent({ port: 0 });
  });
  after(async () => {
    await agent?.close();
    await server?.stop();
  });

  it('answers a client as Consul 1.8 does: status, words, headers and shape', async () => {
    for (const [method, path, body] of EXCHANGES) {
      const ask = async (address: string): Promise<unknown> => {
        const answer = await fetch(`${address}${path}`, { method, ...(body === undefined ? {} : { body }) });
        const text = await answer.text();
        const json = answer.headers.get('content-type') === 'application/json';
        return {
          status: answer.status,
          type: answer.headers.get('content-type'),
          allow: answer.headers.get('allow'),
          consistency: answer.headers.get('x-consul-effective-consistency'),
          body: json ? comparable(JSON.parse(text)) : text,
        };
      };
      // Consul's own catalog follows its agent with a short delay.
      const expected = await ask(server.address);
      const actual = await ask(agent.address);
      try {
        assert.deepEqual(actual, expected);
      } catch {
        const settled = await eventually('the catalog to follow the agent', async () => {
          const again = await ask(server.address);
          return JSON.stringify(again) === JSON.stringify(expected) ? undefined : again;
        }).catch(() => expected);
        assert.deepEqual(await ask(agent.address), settled, `${method} ${path} ${body ?? ''}`);
      }
    }
  });

  for (const name of ['Consul 1.8', 'the embedded agent']) {
    it(`lets ${name} check instances by grpc.health.v1`, async () => {
      const health = await startTinyHealthServer();
      const registry = consul({
        address: name === 'Consul 1.8' ? server.address : agent.address,
        grpcCheck: { service: 'shop.Payments', intervalMs: 1_000 },
      });
      try {
        await registry.register({ service: 'checked', host: '127.0.0.1', port: health.port });
        const watcher = registry.watch(parseTarget('consul:///checked'));
        await until(watcher, 'a healthy instance', ({ endpoints }) => endpoints[0]?.health === 'passing');
        health.serving = false;
        await until(watcher, 'a suspect', ({ endpoints }) => endpoints[0]?.health === 'suspect');
        health.serving = true;
        await until(watcher, 'a healthy instance again', ({ endpoints }) => endpoints[0]?.health === 'passing');
      } finally {
        await registry.close();
        await health.close();
      }
    });
  }
});
