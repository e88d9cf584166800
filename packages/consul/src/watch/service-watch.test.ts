import assert from 'node:assert/strict';
import { createRuntime } from '@breakwater/core';
import { FakeClock, fixedRandom } from '@breakwater/core/testing';
import { BelievingSource, LastKnownGood, parseTarget, type EndpointSet } from '@breakwater/discovery';
import { ConsulError } from '../client/consul-error.js';
import { ScriptedClient } from '../testing/scripted-client.js';
import { parseServiceQuery } from './service-query.js';
import { ServiceWatch, type ServiceWatchSettings } from './service-watch.js';

const instance = (id: string, status = 'passing'): object => ({
  Node: { Node: 'n1', Address: '10.0.0.1' },
  Service: { ID: id, Address: '', Port: 5000, Tags: [], Meta: {}, CreateIndex: 3 },
  Checks: [{ Status: status }],
});
const at = (index: number, lastContactMs = 0): Record<string, string> => ({
  'x-consul-index': String(index),
  'x-consul-lastcontact': String(lastContactMs),
  'x-consul-knownleader': 'true',
});

describe('ServiceWatch', () => {
  let clock: FakeClock;
  let client: ScriptedClient;
  let heard: EndpointSet[];
  let failures: number;
  let watch: ServiceWatch;
  const start = (settings: Partial<ServiceWatchSettings> = {}, uri = 'consul:///payments'): void => {
    clock = new FakeClock();
    client = new ScriptedClient(clock);
    heard = [];
    failures = 0;
    const believing = new BelievingSource(new LastKnownGood(), clock, (set) => heard.push(set));
    watch = new ServiceWatch(client, parseServiceQuery(parseTarget(uri), undefined), believing, {
      consistency: 'stale',
      maxStalenessMs: 10_000,
      waitMs: 60_000,
      requestTimeoutMs: 5_000,
      backoff: { initialMs: 250, maxMs: 15_000 },
      runtime: createRuntime({ clock, random: fixedRandom(0.5) }),
      serviceNames: () => Promise.resolve(['payment']),
      onFailure: () => (failures += 1),
      ...settings,
    });
  };
  const settle = (): Promise<void> => clock.advance(0);
  afterEach(async () => {
    watch.close();
    await clock.advance(1_000_000);
    assert.equal(clock.pendingTimers, 0);
  });

  it('reads without index first, then blocks on the index it got', async () => {
    start();
    await settle();
    assert.deepEqual(client.last.parameters, { service: 'payments', stale: true });
    assert.equal(client.last.options.timeoutMs, 5_000);
    client.last.reply([instance('a')], at(12));
    await settle();
    assert.deepEqual(client.last.parameters, { service: 'payments', stale: true, index: '12', wait: '60000ms' });
    assert.equal(client.last.options.timeoutMs, (60_000 * 17) / 16 + 5_000);
  });

  it('keeps the process alive until the first answer only', async () => {
    start();
    await settle();
    assert.equal(client.last.options.background, false);
    client.last.reply([instance('a')], at(12));
    await settle();
    assert.equal(client.last.options.background, true);
  });

  it('passes tag, datacenter and consistency on', async () => {
    start({ consistency: 'consistent' }, 'consul:///payments?tag=v2&dc=dc7');
    await settle();
    assert.deepEqual(client.last.parameters, { service: 'payments', tag: 'v2', dc: 'dc7', consistent: true });
  });

  it('never asks Consul for passing instances only: gone differs from critical', async () => {
    start({}, 'consul:///payments?passing=true');
    await settle();
    assert.equal('passing' in client.last.parameters, false);
    client.last.reply([instance('a'), instance('b', 'warning')], at(12));
    await settle();
    assert.deepEqual(
      heard[0]?.endpoints.map(({ health }) => health),
      ['passing', 'critical'],
    );
  });

  it('reads again without index when the index went backwards, and does not believe that answer', async () => {
    start();
    await settle();
    client.last.reply([instance('a'), instance('b')], at(12));
    await settle();
    client.last.reply([], at(3));
    await clock.advance(1_000);
    assert.equal(heard.length, 1);
    assert.deepEqual(client.last.parameters, { service: 'payments', stale: true });
    client.last.reply([instance('a'), instance('c')], at(3));
    await settle();
    assert.deepEqual(
      heard.at(-1)?.endpoints.map(({ id }) => id),
      ['a@n1', 'c@n1'],
    );
  });

  it('forgets the index after an error: an agent that restarted counts from anew', async () => {
    start();
    await settle();
    client.last.reply([instance('a')], at(900));
    await settle();
    client.last.fail(new ConsulError('unreachable', 'the connection was closed'));
    await clock.advance(1_000);
    assert.deepEqual(client.last.parameters, { service: 'payments', stale: true });
  });

  it('backs off exponentially to its cap while reads fail, tells each failure, and starts over after a success', async () => {
    start();
    client.auto = (request) => request.fail(new ConsulError('status', 'answered HTTP 500: No cluster leader', 500));
    await clock.advance(90_000);
    const gaps = client.requests.slice(1).map((request, index) => request.at - (client.requests[index]?.at ?? 0));
    assert.deepEqual(gaps.slice(0, 9), [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
    assert.equal(failures, client.requests.length);
    assert.match(
      heard[0]?.unavailable?.details ?? '',
      /^Consul at 127\.0\.0\.1:8500 cannot be asked for "payments": answered HTTP 500: No cluster leader; asking again in 250 ms$/,
    );
    assert.equal(heard[0]?.unavailable?.reason, 'REGISTRY_UNAVAILABLE');
    client.auto = (request) => {
      client.auto = undefined;
      request.reply([instance('a')], at(5));
    };
    await clock.advance(15_000);
    assert.equal(heard.at(-1)?.unavailable, undefined);
    client.last.fail(new ConsulError('status', 'again', 500));
    await settle();
    const failedAt = clock.now();
    await clock.advance(250);
    assert.equal(client.last.at - failedAt, 250);
  });

  it('keeps the last good answer, marked stale, while reads fail', async () => {
    start();
    await settle();
    client.last.reply([instance('a')], at(12));
    await settle();
    client.last.fail(new ConsulError('unreachable', 'gone'));
    await settle();
    const set = heard.at(-1);
    assert.deepEqual([set?.stale, set?.unavailable, set?.endpoints.length], [true, undefined, 1]);
  });

  it('asks the leader when the answering server has lost touch with it, and believes the leader', async () => {
    start();
    await settle();
    client.last.reply([instance('old')], at(12, 10_001));
    await settle();
    assert.deepEqual(client.last.parameters, { service: 'payments' });
    assert.equal(heard.length, 0);
    client.last.reply([instance('new')], at(20));
    await settle();
    assert.deepEqual(
      heard[0]?.endpoints.map(({ id }) => id),
      ['new@n1'],
    );
    // The next read blocks on the leader too: the server that lags has not reached this index.
    assert.deepEqual(client.last.parameters, { service: 'payments', index: '20', wait: '60000ms' });
    client.last.reply([instance('new')], at(21));
    await settle();
    await clock.advance(2_000);
    assert.deepEqual(client.last.parameters, { service: 'payments', stale: true, index: '21', wait: '60000ms' });
  });

  it('believes an answer that is too old only when there is no leader and never was a better one, and marks it stale', async () => {
    start();
    await settle();
    client.last.reply([instance('old')], at(12, 60_000));
    await settle();
    client.last.fail(new ConsulError('status', 'answered HTTP 500: No cluster leader', 500));
    await settle();
    assert.deepEqual([heard.at(-1)?.stale, heard.at(-1)?.endpoints.length], [true, 1]);
    await clock.advance(250);
    client.last.reply([instance('older')], at(11, 60_000));
    await settle();
    client.last.fail(new ConsulError('status', 'answered HTTP 500: No cluster leader', 500));
    await settle();
    assert.deepEqual(
      heard.at(-1)?.endpoints.map(({ id }) => id),
      ['old@n1'],
    );
  });

  it('hints at a similar name once, and goes without the hint when names cannot be read', async () => {
    start();
    await settle();
    client.last.reply([], at(1));
    await settle();
    assert.equal(
      heard[0]?.unavailable?.details,
      'Consul at 127.0.0.1:8500 knows no service "payments"; did you mean "payment"?',
    );
    watch.close();
    start({ serviceNames: () => Promise.reject(new Error('denied')) });
    await settle();
    client.last.reply([], at(1));
    await settle();
    assert.equal(heard[0]?.unavailable?.details, 'Consul at 127.0.0.1:8500 knows no service "payments"');
  });

  it('says so when every instance is critical, and when none has a port', async () => {
    start();
    await settle();
    client.last.reply([instance('a', 'critical')], at(1));
    await settle();
    assert.match(heard[0]?.unavailable?.details ?? '', /no instance of "payments" is healthy \(1 registered\)/);
    client.last.reply([{ Node: { Node: 'n', Address: '10.0.0.1' }, Service: { ID: 'x', Port: 0 } }], at(2));
    await settle();
    assert.match(heard.at(-1)?.unavailable?.details ?? '', /no instance of "payments" has a port/);
  });

  it('says that the token may hide instances when the agent tells so', async () => {
    start();
    await settle();
    client.last.reply([], { ...at(1), 'x-consul-results-filtered-by-acls': 'true' });
    await settle();
    assert.match(heard[0]?.unavailable?.details ?? '', /the token may not see all of them/);
  });

  it('lets suspects go after a minute although the agent says nothing more', async () => {
    start();
    await settle();
    client.last.reply([instance('a'), instance('b')], at(1));
    await settle();
    client.last.reply([], at(2));
    await settle();
    assert.deepEqual(
      heard.at(-1)?.endpoints.map(({ health }) => health),
      ['suspect', 'suspect'],
    );
    await clock.advance(59_999);
    assert.equal(heard.at(-1)?.endpoints.length, 2);
    await clock.advance(1);
    assert.equal(heard.at(-1)?.endpoints.length, 0);
    assert.equal(heard.at(-1)?.unavailable?.reason, 'NO_ENDPOINTS');
  });

  it('ends the read under way when closed, says nothing more and leaves no timer', async () => {
    start();
    await settle();
    client.last.reply([instance('a')], at(12));
    await settle();
    const blocked = client.last;
    const before = heard.length;
    watch.close();
    assert.equal(blocked.cancelled, true);
    await clock.advance(600_000);
    assert.equal(heard.length, before);
    assert.equal(client.last, blocked);
    assert.equal(clock.pendingTimers, 0);
  });

  it('can be closed while it waits to ask again', async () => {
    start();
    await settle();
    client.last.fail(new ConsulError('unreachable', 'gone'));
    await settle();
    watch.close();
    await settle();
    assert.equal(clock.pendingTimers, 0);
  });

  it('goes on for ever: a thousand different troubles later it still reads', async () => {
    start();
    const replies = [
      [],
      null,
      'text',
      7,
      {},
      [null],
      [{}],
      [{ Service: {} }],
      [{ Service: { ID: 'a' } }],
      [instance('a', 'nonsense')],
    ];
    let serial = 0;
    client.auto = (request) => {
      serial += 1;
      if (serial % 3 === 0) request.fail(new ConsulError('malformed', 'broken'));
      else request.reply(replies[serial % replies.length], serial % 7 === 0 ? {} : at(serial % 5));
    };
    await clock.advance(20_000_000);
    assert.ok(serial > 1000, `${serial} reads`);
    client.auto = (request) => {
      if (request.parameters['index'] === undefined) request.reply([instance('fine')], at(9));
    };
    await clock.advance(200_000);
    assert.deepEqual(
      heard.at(-1)?.endpoints.map(({ id }) => id),
      ['fine@n1'],
    );
  });
});
