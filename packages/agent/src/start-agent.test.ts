import assert from 'node:assert/strict';
import { createServer, connect, type AddressInfo } from 'node:net';
import { ConfigError } from '@breakwater/core';
import { FakeClock, fixedRandom } from '@breakwater/core/testing';
import { startAgent, type Agent } from './index.js';

const refused = (message: RegExp) => (error: unknown) => error instanceof ConfigError && message.test(error.message);

describe('startAgent', () => {
  let agent: Agent;
  let clock: FakeClock;
  beforeEach(async () => {
    clock = new FakeClock();
    agent = await startAgent({ port: 0, clock, random: fixedRandom(0.5) });
  });
  afterEach(async () => {
    await agent.close();
    assert.equal(clock.pendingTimers, 0);
  });
  const send = async (
    method: string,
    path: string,
    body?: string,
  ): Promise<{ status: number; text: string; headers: Headers }> => {
    const answer = await fetch(`${agent.address}${path}`, { method, ...(body === undefined ? {} : { body }) });
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  };
  const register = (fields: object = {}): Promise<{ status: number; text: string }> =>
    send(
      'PUT',
      '/v1/agent/service/register',
      JSON.stringify({ Name: 'pay', ID: 'p1', Port: 5000, Check: { TTL: '10s', Status: 'passing' }, ...fields }),
    );
  const instances = async (
    query = '',
  ): Promise<readonly { Service: Record<string, unknown>; Checks: readonly Record<string, unknown>[] }[]> =>
    JSON.parse((await send('GET', `/v1/health/service/pay${query}`)).text);
  /** Lets requests on real sockets arrive while the virtual clock stands still. */
  const blocked = async (
    path: string,
  ): Promise<{ answer: Promise<{ status: number; text: string; headers: Headers }> }> => {
    const timers = clock.pendingTimers;
    const answer = send('GET', path);
    while (clock.pendingTimers === timers) await new Promise((resolve) => setImmediate(resolve));
    return { answer };
  };

  it('shows a registered service in health, catalog and agent', async () => {
    assert.equal(
      (
        await register({
          Tags: ['v2', 'v1'],
          Meta: { zone: 'a' },
          Weights: { Passing: 3, Warning: 1 },
          Address: '10.0.0.5',
        })
      ).status,
      200,
    );
    const [entry] = await instances();
    assert.equal(entry?.Service['ID'], 'p1');
    assert.deepEqual(entry?.Service['Tags'], ['v2', 'v1']);
    assert.deepEqual(entry?.Service['Weights'], { Passing: 3, Warning: 1 });
    assert.equal(entry?.Checks[0]?.['CheckID'], 'service:p1');
    assert.deepEqual(JSON.parse((await send('GET', '/v1/catalog/services')).text), { pay: ['v1', 'v2'] });
    const [row] = JSON.parse((await send('GET', '/v1/catalog/service/pay')).text);
    assert.equal(row.ServiceAddress, '10.0.0.5');
    assert.deepEqual(Object.keys(JSON.parse((await send('GET', '/v1/agent/services')).text)), ['p1']);
    assert.equal(JSON.parse((await send('GET', '/v1/agent/service/p1')).text).Service, 'pay');
    assert.equal(JSON.parse((await send('GET', '/v1/agent/checks')).text)['service:p1'].Status, 'passing');
    assert.equal(JSON.parse((await send('GET', '/v1/health/checks/pay')).text)[0].Status, 'passing');
    assert.equal(JSON.parse((await send('GET', '/v1/health/state/any')).text).length, 1);
    assert.equal(JSON.parse((await send('GET', '/v1/health/state/critical')).text).length, 0);
  });

  it('filters by tags and by passing', async () => {
    await register({ Tags: ['v1'] });
    await register({ ID: 'p2', Tags: ['v1', 'v2'], Check: { TTL: '10s' } });
    assert.equal((await instances('?tag=v1')).length, 2);
    assert.equal((await instances('?tag=V2')).length, 1);
    assert.equal((await instances('?tag=v1&tag=v2')).length, 1);
    assert.equal((await instances('?passing')).length, 1);
    assert.equal((await instances('?passing=true&tag=v2')).length, 0);
    assert.equal((await instances('?passing=0')).length, 2);
  });

  it('answers a read without index at once, with the headers of Consul', async () => {
    const { headers, text } = await send('GET', '/v1/health/service/nobody?stale');
    assert.equal(text, '[]');
    assert.equal(headers.get('x-consul-index'), '1');
    assert.equal(headers.get('x-consul-knownleader'), 'true');
    assert.equal(headers.get('x-consul-lastcontact'), '0');
    assert.equal(headers.get('x-consul-effective-consistency'), 'stale');
  });

  it('blocks until the service changes, not when another does', async () => {
    await register();
    const index = Number((await send('GET', '/v1/health/service/pay')).headers.get('x-consul-index'));
    const { answer } = await blocked(`/v1/health/service/pay?index=${index}`);
    let answered = false;
    void answer.then(() => (answered = true));
    await register({ Name: 'other', ID: 'o1' });
    await send('PUT', '/v1/agent/check/pass/service:p1?note=alive');
    assert.equal(answered, false);
    await send('PUT', '/v1/agent/check/fail/service:p1');
    const { headers, text } = await answer;
    assert.ok(Number(headers.get('x-consul-index')) > index);
    assert.equal(JSON.parse(text)[0].Checks[0].Status, 'critical');
  });

  it('answers a blocked read after its wait and up to a sixteenth more', async () => {
    const { answer } = await blocked('/v1/health/service/pay?index=1&wait=16s');
    let answered = false;
    void answer.then(() => (answered = true));
    await clock.advance(16_499);
    await send('GET', '/v1/agent/self');
    assert.equal(answered, false);
    await clock.advance(1);
    assert.equal((await answer).text, '[]');
  });

  it('wakes a reader of a service that is not there when it appears, and of the catalog', async () => {
    const [service, catalog] = [
      await blocked('/v1/health/service/pay?index=1'),
      await blocked('/v1/catalog/services?index=1'),
    ];
    await register();
    assert.equal(JSON.parse((await service.answer).text).length, 1);
    assert.deepEqual(JSON.parse((await catalog.answer).text), { pay: [] });
  });

  it('forgets a blocked reader that goes away', async () => {
    const timers = clock.pendingTimers;
    const aborting = new AbortController();
    const answer = fetch(`${agent.address}/v1/health/service/pay?index=1`, { signal: aborting.signal });
    while (clock.pendingTimers === timers) await new Promise((resolve) => setImmediate(resolve));
    aborting.abort();
    await assert.rejects(answer);
    while (clock.pendingTimers > timers) await new Promise((resolve) => setImmediate(resolve));
  });

  it('turns a check critical when its TTL expires, and drops the service later when asked to', async () => {
    await register({ Check: { TTL: '10s', Status: 'passing', DeregisterCriticalServiceAfter: '1m' } });
    await clock.advance(10_000);
    assert.equal((await instances())[0]?.Checks[0]?.['Output'], 'TTL expired');
    await clock.advance(80_000);
    assert.deepEqual(await instances(), []);
    const { status, text } = await send('PUT', '/v1/agent/check/pass/service:p1');
    assert.deepEqual([status, text], [500, 'CheckID "service:p1" does not have associated TTL']);
  });

  it('takes every status that is reported for a TTL check', async () => {
    await register();
    for (const [verb, status] of [
      ['warn', 'warning'],
      ['fail', 'critical'],
      ['pass', 'passing'],
    ] as const) {
      assert.equal((await send('PUT', `/v1/agent/check/${verb}/service:p1`)).status, 200);
      assert.equal((await instances())[0]?.Checks[0]?.['Status'], status);
    }
    await send('PUT', '/v1/agent/check/update/service:p1', '{"Status":"warning","Output":"slow"}');
    assert.equal((await instances())[0]?.Checks[0]?.['Output'], 'slow');
  });

  it('says who it is', async () => {
    assert.equal((await send('GET', '/v1/status/leader')).text, `"127.0.0.1:${agent.port}"`);
    assert.equal(JSON.parse((await send('GET', '/v1/agent/self')).text).Config.Datacenter, 'dc1');
  });

  const wrong: readonly (readonly [string, string, string | undefined, number, RegExp])[] = [
    ['GET', '/v1/agent/metrics', undefined, 404, /the embedded agent has no \/v1\/agent\/metrics/],
    ['GET', '/', undefined, 404, /has no \//],
    ['GET', '/v1/agent/service/register', undefined, 405, /method GET not allowed/],
    ['GET', '/v1/health/service/%', undefined, 400, /percent-encoding/],
    ['GET', '/v1/health/service/a?filter=x', undefined, 400, /does not support \?filter/],
    ['PUT', '/v1/agent/service/register', '{"Name":"x","Port":70000}', 400, /Invalid service port: 70000/],
    [
      'PUT',
      '/v1/agent/service/register',
      '{"Name":"x","Check":{"HTTP":"http://x","Interval":"1s"}}',
      400,
      /no HTTP checks/,
    ],
    [
      'PUT',
      '/v1/agent/service/register',
      '{"Name":"x","Check":{"GRPC":"nowhere","Interval":"1s"}}',
      400,
      /"nowhere" must be host:port/,
    ],
    ['PUT', '/v1/agent/service/register', `{"Name":"${'x'.repeat(600_000)}"}`, 413, /too large/],
  ];
  for (const [method, path, body, status, says] of wrong) {
    it(`answers ${status} to ${method} ${path} ${(body ?? '').slice(0, 60)}`, async () => {
      const answer = await send(method, path, body);
      assert.equal(answer.status, status, answer.text);
      assert.match(answer.text, says);
      assert.equal((await send('GET', '/v1/status/leader')).status, 200, 'and still serves');
    });
  }

  it('survives garbage on its port', async () => {
    const socket = connect(agent.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    socket.write('\x16\x03\x01\x02\x00\x01\x00\r\n\r\n');
    await new Promise((resolve) => socket.once('close', resolve));
    assert.equal((await send('GET', '/v1/status/leader')).status, 200);
  });

  it('ends blocked reads when it closes, and frees its port', async () => {
    const { answer } = await blocked('/v1/health/service/pay?index=1');
    const failed = assert.rejects(answer);
    await Promise.all([agent.close(), agent.close()]);
    await failed;
    const next = await startAgent({ port: agent.port });
    assert.equal(next.port, agent.port);
    await next.close();
  });

  it('names the port and the option when the port is taken', async () => {
    await assert.rejects(
      startAgent({ port: agent.port }),
      refused(new RegExp(`port ${agent.port} on 127\\.0\\.0\\.1 is taken .*option port \\(--port\\)`)),
    );
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    await assert.rejects(startAgent({ port: (holder.address() as AddressInfo).port }), refused(/is taken/));
    await new Promise((resolve) => holder.close(resolve));
  });

  it('refuses options that make no sense', async () => {
    await assert.rejects(startAgent({ port: 70_000 }), refused(/agent\.port is 70000/));
    await assert.rejects(startAgent({ prot: 1 } as never), refused(/did you mean "port"/));
    await assert.rejects(
      startAgent({ host: '203.0.113.1', port: 0 }),
      refused(/this machine has no address 203\.0\.113\.1/),
    );
  });
});
