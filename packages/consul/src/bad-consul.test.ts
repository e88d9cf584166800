import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeClock } from '@breakwater/core/testing';
import { parseTarget, type EndpointSet, type Watcher } from '@breakwater/discovery';
import { until } from '@breakwater/discovery/conformance';
import { consul, ConsulError } from './index.js';
import { startBadConsul, type BadConsul, type Behaviour } from './testing/bad-consul.js';

const http = (status: number, body: string, contentType = 'text/plain'): Behaviour => ({
  kind: 'http',
  status,
  body,
  contentType,
});
const target = parseTarget('consul:///payments');

const TROUBLES: readonly { readonly title: string; readonly behaviour: Behaviour; readonly says: RegExp }[] = [
  {
    title: 'denies access',
    behaviour: http(403, 'Permission denied'),
    says: /access denied \(HTTP 403: Permission denied\); the token/,
  },
  {
    title: 'does not know the token',
    behaviour: http(403, 'ACL not found'),
    says: /access denied \(HTTP 403: ACL not found\)/,
  },
  { title: 'refuses the request', behaviour: http(400, 'Invalid index'), says: /answered HTTP 400: Invalid index/ },
  {
    title: 'knows no such path',
    behaviour: http(404, 'nope'),
    says: /answered HTTP 404: nope; is this really Consul's/,
  },
  { title: 'fails', behaviour: http(500, 'No cluster leader'), says: /answered HTTP 500: No cluster leader/ },
  { title: 'fails without a word', behaviour: http(500, ''), says: /answered HTTP 500;/ },
  { title: 'has too many connections', behaviour: http(429, 'slow down'), says: /too many connections/ },
  {
    title: 'is a web server',
    behaviour: http(200, '<html>hello</html>', 'text/html'),
    says: /not Consul's \(text\/html .*HTTP port\?/,
  },
  {
    title: 'is a web server with an error page',
    behaviour: http(404, '<!doctype html><p>no', 'text/html'),
    says: /web page/,
  },
  {
    title: 'answers another JSON API',
    behaviour: http(200, '{"hello":"world"}', 'application/json'),
    says: /not Consul's/,
  },
  {
    title: 'answers instances of another shape',
    behaviour: http(200, '[{"a":1}]', 'application/json'),
    says: /without Service\.ID/,
  },
  { title: 'sends broken JSON', behaviour: http(200, '[{"Node":', 'application/json'), says: /no JSON/ },
  {
    title: 'stops in the middle of an answer',
    behaviour: { kind: 'truncated' },
    says: /closed in the middle of an answer/,
  },
  { title: 'never answers', behaviour: { kind: 'silent' }, says: /no complete answer from 127\.0\.0\.1:\d+ in 200 ms/ },
  { title: 'never finishes its answer', behaviour: { kind: 'stalled_body' }, says: /no complete answer .* in 200 ms/ },
  { title: 'hangs up', behaviour: { kind: 'hang_up' }, says: /closed before an answer came/ },
  { title: 'speaks another protocol', behaviour: { kind: 'garbage' }, says: /does not speak HTTP\/1\.1/ },
];

const GOOD: Behaviour = {
  kind: 'http',
  status: 200,
  contentType: 'application/json',
  headers: { 'x-consul-index': '7' },
  body: JSON.stringify([
    { Node: { Node: 'n', Address: '10.0.0.1' }, Service: { ID: 'p1', Address: '', Port: 5000 }, Checks: [] },
  ]),
};

describe('consul against an agent that', () => {
  let bad: BadConsul;
  const open: { close(): unknown }[] = [];
  const watch = (options = {}): Watcher => {
    const registry = consul({ address: bad.address, requestTimeoutMs: 200, ...options });
    open.push(registry);
    return registry.watch(target);
  };
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
    await bad.close();
  });

  for (const { title, behaviour, says } of TROUBLES) {
    it(`${title}: says so, says when it asks again, and recovers`, async () => {
      bad = await startBadConsul(behaviour);
      const watcher = watch();
      const { unavailable, endpoints, stale } = await until(watcher, 'a failure', () => true);
      assert.deepEqual(endpoints, []);
      assert.equal(stale, false);
      assert.equal(unavailable?.reason, 'REGISTRY_UNAVAILABLE');
      assert.match(unavailable?.details ?? '', says);
      assert.match(
        unavailable?.details ?? '',
        /^Consul at 127\.0\.0\.1:\d+ cannot be asked for "payments": .*; asking again in \d+ ms$/,
      );
      bad.behaviour = GOOD;
      const set = await until(watcher, 'an instance', (one) => one.endpoints.length === 1);
      assert.equal(set.unavailable, undefined);
    });

    // An agent that falls silent is found out by the limit of a blocking read: on a virtual clock, below.
    if (behaviour.kind === 'silent' || behaviour.kind === 'stalled_body') continue;
    it(`${title}, after it was good: keeps the last good answer and marks it stale`, async () => {
      bad = await startBadConsul(GOOD);
      const watcher = watch();
      await until(watcher, 'an instance', ({ endpoints }) => endpoints.length === 1);
      const heard: EndpointSet[] = [];
      watcher.subscribe((set) => heard.push(set));
      bad.behaviour = behaviour;
      const set = await until(watcher, 'a stale set', ({ stale }) => stale);
      assert.equal(set.endpoints.length, 1);
      assert.equal(set.unavailable, undefined);
      bad.behaviour = GOOD;
      await until(watcher, 'a fresh set', ({ stale }) => !stale);
      assert.ok(heard.every(({ endpoints }) => endpoints.length === 1));
    });
  }

  it('cannot be reached: names address and error', async () => {
    bad = await startBadConsul(GOOD);
    await bad.close();
    const { unavailable } = await until(watch(), 'a failure', () => true);
    assert.match(unavailable?.details ?? '', /nobody listens at 127\.0\.0\.1:\d+ \(ECONNREFUSED\)/);
  });

  it('does not speak TLS although https was asked for: says to write http', async () => {
    bad = await startBadConsul(GOOD);
    const plain = createServer((_request, response) => response.end());
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    open.push({ close: () => plain.close() });
    const { port } = plain.address() as AddressInfo;
    const { unavailable } = await until(watch({ address: `https://127.0.0.1:${port}` }), 'a failure', () => true);
    assert.match(unavailable?.details ?? '', /127\.0\.0\.1:\d+ does not speak TLS; write http:\/\//);
  });

  it('asks for TLS although http was used: says to write https', async () => {
    bad = await startBadConsul(http(400, 'Client sent an HTTP request to an HTTPS server.\n'));
    const { unavailable } = await until(watch(), 'a failure', () => true);
    assert.match(unavailable?.details ?? '', /expects TLS; write https:\/\//);
  });

  for (const kind of ['silent', 'stalled_body'] as const) {
    it(`is ${kind} during a blocking read: is given up on after 17/16 of the wait and 5 s, not before`, async () => {
      bad = await startBadConsul(GOOD);
      const clock = new FakeClock();
      const watcher = watch({ waitMs: 16_000, runtime: { clock } });
      await until(watcher, 'an instance', ({ endpoints }) => endpoints.length === 1);
      bad.behaviour = { kind };
      while (bad.requests.length < 2) await new Promise((resolve) => setImmediate(resolve));
      assert.match(bad.requests[1] ?? '', /index=7&wait=16000ms/);
      await clock.advance(21_999);
      assert.equal(watcher.current?.stale, false);
      await clock.advance(1);
      const set = await until(watcher, 'a stale set', ({ stale }) => stale);
      assert.equal(set.endpoints.length, 1);
    });
  }

  it('never answers: closing the registry leaves no connection', async () => {
    bad = await startBadConsul({ kind: 'silent' });
    const registry = consul({ address: bad.address });
    registry.watch(target);
    open.push(registry);
    while (bad.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(bad.connections, 1);
    await registry.close();
    while (bad.connections > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  it('refuses an instance: register rejects with its words', async () => {
    bad = await startBadConsul(http(400, 'Invalid Service Meta: no'));
    const registry = consul({ address: bad.address });
    open.push(registry);
    await assert.rejects(
      registry.register({ service: 'payments', host: '127.0.0.1', port: 5000 }),
      (error: unknown) =>
        error instanceof ConsulError && error.httpStatus === 400 && /Invalid Service Meta: no/.test(error.message),
    );
  });

  it('denies registration: keeps trying, visibly', async () => {
    bad = await startBadConsul(http(403, 'Permission denied'));
    const registry = consul({ address: bad.address });
    open.push(registry);
    const registration = await registry.register({ service: 'payments', host: '127.0.0.1', port: 5000 });
    assert.equal(registration.state.kind, 'retrying');
    assert.match(
      registration.state.kind === 'retrying' ? registration.state.error : '',
      /^access denied .*Permission denied/,
    );
    const registered = new Promise<void>((resolve) =>
      registration.onState(({ kind }) => kind === 'registered' && resolve()),
    );
    bad.behaviour = http(200, '');
    await registered;
  });

  it('is a web server: is not taken for a registry that has confirmed', async () => {
    bad = await startBadConsul(http(200, '<html>hello</html>', 'text/html'));
    const registry = consul({ address: bad.address });
    open.push(registry);
    const { state } = await registry.register({ service: 'payments', host: '127.0.0.1', port: 5000 });
    assert.equal(state.kind, 'retrying');
    assert.match(state.kind === 'retrying' ? state.error : '', /not Consul's \(text\/html .*HTTP port\?/);
  });

  it('is down at the start: register rejects after failAfterMs when so configured', async () => {
    bad = await startBadConsul({ kind: 'hang_up' });
    const registry = consul({ address: bad.address, failAfterMs: 100 });
    open.push(registry);
    await assert.rejects(
      registry.register({ service: 'payments', host: '127.0.0.1', port: 5000 }),
      /payments could not be registered with Consul at 127\.0\.0\.1:\d+ in 100 ms \(consul\.failAfterMs\): the connection was closed/,
    );
  });

  it('does not answer a deregistration: gives up after its limit and says what happens then', async () => {
    bad = await startBadConsul(http(200, ''));
    const registry = consul({ address: bad.address, deregisterTimeoutMs: 150 });
    open.push(registry);
    const registration = await registry.register({ service: 'payments', host: '127.0.0.1', port: 5000 });
    bad.behaviour = { kind: 'silent' };
    await assert.rejects(
      registration.deregister(),
      /payments-127\.0\.0\.1-5000 could not be deregistered .* in 150 ms: no complete answer .*; it is dropped when/,
    );
  });
});
