import assert from 'node:assert/strict';
import { parseTarget, type Registry } from '@breakwater/discovery';
import { until } from '@breakwater/discovery/conformance';
import { consul } from './index.js';
import { eventually, requireConsul, startConsul, type ConsulProcess } from './testing/system-consul-process.js';

const TOKEN = '00000000-0000-4000-8000-000000000001';

describe('with a Consul that denies by default', function () {
  this.timeout(60_000);
  let server: ConsulProcess;
  const open: Registry[] = [];
  const connect = (token?: string): Registry => {
    const registry = consul({ address: server.address, token });
    open.push(registry);
    return registry;
  };
  before(async function () {
    const acl = { enabled: true, default_policy: 'deny', tokens: { master: TOKEN, agent: TOKEN } };
    server = await startConsul({ bin: requireConsul(this), config: { acl } });
    await eventually('the token to work', async () => {
      const answer = await fetch(`${server.address}/v1/agent/self`, { headers: { 'x-consul-token': TOKEN } });
      return answer.ok || undefined;
    });
  });
  after(async () => {
    await Promise.all(open.map((registry) => registry.close()));
    await server?.stop();
  });

  it('keeps trying to register without a token, saying that access is denied', async () => {
    const registration = await connect().register({ service: 'payments', host: '127.0.0.1', port: 5000 });
    const { state } = registration;
    assert.equal(state.kind, 'retrying');
    assert.match(
      state.kind === 'retrying' ? state.error : '',
      /access denied \(HTTP 403: Permission denied.*\); the token is missing/,
    );
  });

  it('says so for a token that does not exist, to watchers and in listings', async () => {
    const registry = connect('00000000-dead-dead-dead-000000000000');
    const set = await until(registry.watch(parseTarget('consul:///payments')), 'a failure', () => true);
    assert.equal(set.unavailable?.reason, 'REGISTRY_UNAVAILABLE');
    assert.match(set.unavailable?.details ?? '', /access denied \(HTTP 403: .*ACL not found/);
    await assert.rejects(registry.services(), /access denied/);
  });

  it('registers and finds with the right token', async () => {
    const registry = connect(TOKEN);
    await registry.register({ service: 'payments', host: '127.0.0.1', port: 5001 });
    const set = await until(
      registry.watch(parseTarget('consul:///payments')),
      'the instance',
      ({ endpoints }) => endpoints.length === 1,
    );
    assert.equal(set.endpoints[0]?.port, 5001);
    assert.ok((await registry.services()).some(({ name }) => name === 'payments'));
  });
});
