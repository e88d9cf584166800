import assert from 'node:assert/strict';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { FakeClock } from '@breakwater/core/testing';
import { parseTarget } from '@breakwater/discovery';
import { until } from '@breakwater/discovery/conformance';
import { consul } from '../index.js';
import { startBadConsul, type BadConsul, type Behaviour } from '../testing/bad-consul.js';
import { TEST_CERT, TEST_KEY } from '../testing/tls-fixture.js';
import { parseConsulAddress } from './consul-address.js';
import { ConsulClient } from './consul-client.js';
import { ConsulError } from './consul-error.js';

const GOOD: Behaviour = { kind: 'http', status: 200, contentType: 'application/json', body: '{"consul":[]}' };

describe('ConsulClient', () => {
  let server: BadConsul;
  let clock: FakeClock;
  let client: ConsulClient;
  const start = async (behaviour: Behaviour): Promise<void> => {
    server = await startBadConsul(behaviour);
    clock = new FakeClock();
    client = new ConsulClient(parseConsulAddress('address', server.address), clock);
  };
  const send = (timeoutMs = 1_000) =>
    client.send((api, ctx) => api.catalog.service.list({ ctx } as unknown as string), { timeoutMs });
  const arrived = async (count: number): Promise<void> => {
    while (server.requests.length < count) await new Promise((resolve) => setImmediate(resolve));
  };
  const failure = (kind: string) => (error: unknown) => error instanceof ConsulError && error.kind === kind;
  afterEach(async () => {
    client.destroy();
    await server.close();
    assert.equal(clock.pendingTimers, 0);
    assert.equal(client.inFlight, 0);
  });

  it('gives body and headers, and leaves no timer', async () => {
    await start(GOOD);
    const { body, headers } = await send().answer;
    assert.deepEqual(body, { consul: [] });
    assert.equal(headers['content-type'], 'application/json');
  });

  it('ends a request at its time limit on the given clock, and its connection with it', async () => {
    await start({ kind: 'silent' });
    const { answer } = send(700);
    await arrived(1);
    const failed = assert.rejects(answer, failure('timeout'));
    await clock.advance(699);
    assert.equal(client.inFlight, 1);
    await clock.advance(1);
    await failed;
    while (server.connections > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  it('counts the body into the time limit', async () => {
    await start({ kind: 'stalled_body' });
    const { answer } = send(700);
    await arrived(1);
    const failed = assert.rejects(answer, failure('timeout'));
    await clock.advance(700);
    await failed;
  });

  it('can be cancelled at any time, also twice, also when it is over', async () => {
    await start({ kind: 'silent' });
    const early = send();
    early.cancel();
    early.cancel();
    await assert.rejects(early.answer, failure('cancelled'));
    const late = send();
    await arrived(1);
    late.cancel();
    await assert.rejects(late.answer, failure('cancelled'));
    late.cancel();
    server.behaviour = GOOD;
    const done = send();
    await done.answer;
    done.cancel();
  });

  it('sends once more when a kept connection was closed under it, and only then', async () => {
    await start(GOOD);
    await send().answer;
    server.behaviour = { kind: 'hang_up_once', next: GOOD };
    assert.deepEqual((await send().answer).body, { consul: [] });
    assert.equal(server.requests.length, 3);
    server.behaviour = { kind: 'hang_up' };
    await assert.rejects(send().answer, failure('unreachable'));
    assert.equal(server.requests.length, 5);
    await assert.rejects(send().answer, failure('unreachable'));
    assert.equal(server.requests.length, 6);
  });

  it('leaves no listener behind on a connection that serves many requests', async () => {
    await start(GOOD);
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    for (let request = 0; request < 50; request++) await send().answer;
    await new Promise((resolve) => setImmediate(resolve));
    process.removeListener('warning', note);
    assert.deepEqual(warnings, []);
    assert.equal(server.connections, 1);
  });
});

describe('consul over TLS', () => {
  const listen = async () => {
    const tokens: unknown[] = [];
    const server = createTlsServer({ cert: TEST_CERT, key: TEST_KEY }, (request, response) => {
      tokens.push(request.headers['x-consul-token']);
      response.writeHead(200, { 'content-type': 'application/json', 'x-consul-index': '3' });
      response.end(JSON.stringify([{ Node: { Node: 'n', Address: '10.0.0.1' }, Service: { ID: 'a', Port: 5000 } }]));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { server, tokens, port: (server.address() as AddressInfo).port };
  };
  const first = async (options: Parameters<typeof consul>[0], uri = 'consul:///payments') => {
    const registry = consul(options);
    try {
      return await until(registry.watch(parseTarget(uri)), 'an answer', () => true);
    } finally {
      await registry.close();
    }
  };

  it('trusts the given authority and no other', async () => {
    const { port, server } = await listen();
    const address = `https://127.0.0.1:${port}`;
    assert.equal((await first({ address, tls: { ca: TEST_CERT } })).endpoints.length, 1);
    assert.match((await first({ address })).unavailable?.details ?? '', /self-signed certificate/);
    assert.equal((await first({ address, tls: { verify: false } })).endpoints.length, 1);
    const wrongName = await first({ address, tls: { ca: TEST_CERT, serverName: 'other.test' } });
    assert.match(wrongName.unavailable?.details ?? '', /does not match certificate/);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('sends the token to its own agent, and to no agent that a target names', async () => {
    const { port, server, tokens } = await listen();
    const own = { address: `https://127.0.0.1:${port}`, tls: { ca: TEST_CERT }, token: 'secret' };
    await first(own);
    await first(own, `consul://127.0.0.1:${port}/payments`);
    await first({ ...own, address: 'https://127.0.0.1:1' }, `consul://127.0.0.1:${port}/payments`);
    assert.deepEqual([...new Set(tokens.slice(0, -1))], ['secret']);
    assert.equal(tokens.at(-1), undefined);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});
