import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Agent, startAgent } from '@breakwater/agent';
import { consul } from '@breakwater/consul';
import type { Registry } from '@breakwater/discovery';
import { CliError } from '../../errors.js';
import { type TestIo, testIo } from '../testdata/test-io.js';
import { runServices, type ServicesCommandOptions } from './run-services.js';

describe('breakwater services', function () {
  this.timeout(20_000);
  let agent: Agent;
  let registry: Registry;

  beforeEach(async () => {
    agent = await startAgent({ port: 0 });
    registry = consul({ address: agent.address });
  });
  afterEach(async () => {
    await registry.close();
    await agent.close();
  });

  const register = (service: string, port: number, tags: readonly string[] = []): ReturnType<Registry['register']> =>
    registry.register({ service, host: '127.0.0.1', port, tags, meta: { zone: 'a' }, weight: 2 });
  const list = async (options: Partial<ServicesCommandOptions> = {}, io?: TestIo): Promise<string> => {
    const used = io ?? testIo({ env: { CONSUL_HTTP_ADDR: agent.address } });
    await runServices({ name: undefined, registry: undefined, watch: false, json: false, ...options }, used);
    return used.stdout.join('\n');
  };
  const fault = async (
    options: Partial<ServicesCommandOptions>,
    env: Record<string, string> = {},
  ): Promise<CliError> => {
    try {
      await list(options, testIo({ env }));
    } catch (error) {
      if (error instanceof CliError) return error;
      throw error;
    }
    throw new Error('it did not fail');
  };

  it('lists every service with its instances and tags', async () => {
    assert.equal(await list(), `Consul at ${agent.address.slice('http://'.length)} has no services`);
    await register('payments', 5001, ['v2']);
    await register('payments', 5002);
    await register('orders', 5003);
    assert.equal(await list(), 'SERVICE   PASSING  TAGS\norders    1/1\npayments  2/2      v2');
    const { services } = JSON.parse(await list({ json: true })) as { services: unknown };
    assert.deepEqual(services, [
      { name: 'orders', tags: [], passing: 1, total: 1 },
      { name: 'payments', tags: ['v2'], passing: 2, total: 2 },
    ]);
  });

  it('lists the instances of a service with address, health, weight, tags and meta', async () => {
    const { id } = await register('payments', 5001, ['v2', 'eu']);
    const [header = '', row = ''] = (await list({ name: 'payments' })).split('\n');
    assert.match(header, /^INSTANCE +ADDRESS +HEALTH +WEIGHT +TAGS +META$/);
    assert.match(row, /^payments-127\.0\.0\.1-5001@breakwater +127\.0\.0\.1:5001 +passing +2 +v2, eu +zone=a$/);
    const { instances } = JSON.parse(await list({ name: 'payments', json: true })) as {
      instances: readonly { readonly id: string; readonly address: string }[];
    };
    assert.deepEqual(
      instances.map((one) => [one.id, one.address]),
      [[`${id}@breakwater`, '127.0.0.1:5001']],
    );
  });

  it('takes the address in every form, and the option before the variable', async () => {
    await register('orders', 1);
    const plain = agent.address.slice('http://'.length);
    for (const address of [plain, agent.address, `consul://${plain}`, `consul://${plain}/`]) {
      assert.match(await list({ registry: address }, testIo({ env: { CONSUL_HTTP_ADDR: '127.0.0.1:1' } })), /^SERVICE/);
    }
  });

  it('prints again when something changes, until it is told to stop', async () => {
    const registration = await register('orders', 1);
    const io = testIo({ env: { CONSUL_HTTP_ADDR: agent.address } });
    const all = list({ watch: true }, io);
    const one = list({ watch: true, name: 'orders' }, io);
    await io.until((stdout) => stdout.length === 2);
    await registration.deregister();
    await io.until(
      (stdout) =>
        stdout.some((text) => text.includes('has no services')) &&
        stdout.filter((text) => text.includes('orders')).length >= 3,
    );
    io.stop();
    await Promise.all([all, one]);
  });

  it('a service that is not there: names the nearest, or what there is', async () => {
    await register('payments', 1);
    const near = await fault({ name: 'paymnts', registry: agent.address });
    assert.match(near.message, /^Consul at 127\.0\.0\.1:\d+ has no service "paymnts"$/);
    assert.equal(near.remedy, 'Did you mean payments?');
    assert.equal((await fault({ name: 'zzz', registry: agent.address })).remedy, 'It has payments.');
  });

  it('a registry out of reach: says which address, what decided on it, and how to start one', async () => {
    for (const [options, env, source] of [
      [{}, { CONSUL_HTTP_ADDR: '127.0.0.1:1' }, 'from CONSUL_HTTP_ADDR'],
      [{ registry: '127.0.0.1:1', name: 'orders' }, {}, 'from --registry'],
    ] as const) {
      const { message, remedy } = await fault(options, env);
      assert.match(message, new RegExp(`^Consul at 127\\.0\\.0\\.1:1 \\(${source}\\) cannot be asked: nobody listens`));
      assert.match(remedy ?? '', /npx breakwater agent$/);
    }
  });

  it('a registry that denies access, or is none: says what to set', async () => {
    let status = 403;
    const server = createServer((_request, response) =>
      response.writeHead(status, { 'content-type': 'text/html' }).end('no'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const denied = await fault({ registry: address });
      assert.match(denied.message, /access denied \(HTTP 403/);
      assert.match(denied.remedy ?? '', /^Set CONSUL_HTTP_TOKEN to a token/);
      status = 200;
      const page = await fault({ registry: address });
      assert.match(page.remedy ?? '', /^Set CONSUL_HTTP_ADDR or --registry to the HTTP address of Consul/);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('an address that is none: names option or variable', async () => {
    const option = await fault({ registry: 'a b' });
    assert.match(option.message, /^--registry is "a b", but must be an agent's address such as/);
    assert.equal(option.exitCode, 2);
    assert.match((await fault({}, { CONSUL_HTTP_ADDR: 'ftp://x' })).message, /^CONSUL_HTTP_ADDR is "ftp:\/\/x"/);
  });
});
