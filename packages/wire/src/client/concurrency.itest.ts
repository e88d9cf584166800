import assert from 'node:assert/strict';
import { type Call, Cancellation, Code, createRuntime, type Outcome } from '@breakwater/core';
import { FakeClock, fixedRandom } from '@breakwater/core/testing';
import type { Connection } from '@breakwater/rpc';
import { deferred, Fixture, reached, UNARY } from '@breakwater/rpc/conformance';
import { goaway, settings } from '../testing/frames.js';
import { HoldingServer, type HoldingOptions } from '../testing/holding-server.js';
import { until } from '../testing/until.js';
import { wireTransport } from '../wire-transport.js';

const BY_CALLER = { code: Code.CANCELLED, details: 'enough', origin: 'local' } as const;

describe('more calls than the server takes at once', () => {
  let clock: FakeClock;
  let fixture: Fixture;
  let server: HoldingServer;
  let connection: Connection;
  beforeEach(() => {
    clock = new FakeClock();
  });
  afterEach(async () => {
    await fixture.dispose();
    await until(() => clock.pendingTimers === 0);
  });

  const open = async (maxConnectionsPerEndpoint: number, options: HoldingOptions): Promise<void> => {
    const runtime = createRuntime({ clock, random: fixedRandom(0.5) });
    fixture = new Fixture(wireTransport({ maxConnectionsPerEndpoint }), runtime);
    server = fixture.own(await HoldingServer.listen(options));
    connection = await fixture.ready(server.address);
  };
  const call = (overrides: Partial<Call> = {}): Promise<Outcome> =>
    connection.call(UNARY, fixture.call(UNARY, { request: 1, deadline: Number.POSITIVE_INFINITY, ...overrides }));
  const calls = (count: number): Promise<Outcome[]> => Promise.all(Array.from({ length: count }, () => call()));
  const held = (count: number): Promise<void> => until(() => server.held.length === count);

  it('wait for their turn, in order of arrival, where no further connection is allowed', async () => {
    await open(1, { limit: 2 });
    const order: number[] = [];
    const all = Promise.all([0, 1, 2, 3, 4].map((number) => call().then(() => order.push(number))));
    await held(2);
    for (let answered = 0; answered < 3; answered++) {
      server.answer(1);
      await held(2);
    }
    server.answer();
    await all;
    assert.deepEqual(order, [0, 1, 2, 3, 4]);
    assert.equal(server.peers.length, 1);
  });

  it('end at their deadline while they wait, and were never sent', async () => {
    await open(1, { limit: 1 });
    const first = call();
    await held(1);
    const second = call({ deadline: clock.now() + 1000 });
    await clock.advance(1000);
    const outcome = await second;
    assert.ok(!outcome.ok);
    assert.deepEqual([outcome.status.reason, outcome.sent], ['DEADLINE_EXCEEDED', 'no']);
    assert.match(outcome.status.details, /before the call was sent/);
    server.answer();
    assert.ok((await first).ok);
  });

  it('are not sent when they are cancelled while they wait, and hold nobody up', async () => {
    await open(1, { limit: 1 });
    const first = call();
    await held(1);
    const cancellation = new Cancellation();
    const second = call({ cancellation });
    const third = call();
    cancellation.cancel(BY_CALLER);
    const outcome = await second;
    assert.ok(!outcome.ok && outcome.sent === 'no' && outcome.status.code === Code.CANCELLED);
    server.answer();
    await first;
    await held(1);
    server.answer();
    assert.ok((await third).ok);
  });

  it('go on as soon as the server takes more', async () => {
    await open(1, { limit: 1 });
    const all = calls(3);
    await held(1);
    server.peers[0]?.send(settings(['MAX_CONCURRENT_STREAMS', 3]));
    await held(3);
    server.answer();
    assert.ok((await all).every(({ ok }) => ok));
  });

  it('get as many further connections as they fill, and no more', async () => {
    await open(4, { limit: 100 });
    const all = calls(250);
    await held(250);
    assert.equal(server.open, 3);
    server.answer();
    assert.ok((await all).every(({ ok }) => ok));
  });

  it('get no more connections than are allowed', async () => {
    await open(3, { limit: 10 });
    const all = calls(100);
    await held(30);
    assert.equal(server.open, 3);
    while (server.held.length > 0) {
      server.answer();
      await Promise.race([all, until(() => server.held.length > 0)]);
    }
    assert.ok((await all).every(({ ok }) => ok));
    assert.equal(server.peers.length, 3);
  });

  it('wait for their turn when a further connection cannot be made; it is tried again after the backoff', async () => {
    let taking = false;
    await open(2, { limit: 1, takes: (index) => index === 0 || taking });
    const all = calls(2);
    await until(() => server.peers[1]?.closed === true);
    const more = calls(2);
    await clock.advance(19);
    assert.equal(server.peers.length, 2, 'no attempt per call');
    taking = true;
    await clock.advance(1);
    await held(2);
    assert.equal(server.peers.length, 3);
    server.answer();
    await held(2);
    server.answer();
    assert.ok((await all).every(({ ok }) => ok) && (await more).every(({ ok }) => ok));
  });

  it('do not keep the further connections: those that stay idle are closed after a while', async () => {
    await open(4, { limit: 1 });
    const all = calls(3);
    await held(3);
    server.answer();
    await all;
    await clock.advance(30_000);
    assert.equal(server.open, 3);
    const again = calls(2);
    await held(2);
    server.answer();
    await again;
    await clock.advance(30_000);
    await until(() => server.open === 2);
    await clock.advance(30_000);
    await until(() => server.open === 1);
    await clock.advance(120_000);
    assert.equal(server.open, 1);
    assert.equal(connection.state, 'ready');
    const last = call();
    await held(1);
    server.answer();
    assert.ok((await last).ok);
  });

  it('are taken by the other connections when the first is left by its server', async () => {
    await open(2, { limit: 1 });
    const states: string[] = [];
    connection.onStateChange(() => states.push(connection.state));
    const all = calls(2);
    await held(2);
    const [first, second] = server.peers;
    first?.send(goaway(1));
    server.answer();
    await all;
    await until(() => first?.ended === true);
    const next = call();
    await held(1);
    assert.equal(server.held[0]?.peer, second);
    server.answer();
    assert.ok((await next).ok);
    assert.deepEqual(states, []);
  });

  it('fail as never sent when the connection ends before their turn', async () => {
    await open(1, { limit: 1 });
    const [first, second] = [call(), call()];
    await held(1);
    await clock.advance(10);
    server.peers[0]?.close();
    const outcomes = [await first, await second];
    assert.deepEqual(
      outcomes.map((outcome) => !outcome.ok && [outcome.status.reason, outcome.sent]),
      [
        ['CONNECTION_LOST', 'unknown'],
        ['CONNECTION_LOST', 'no'],
      ],
    );
  });

  it('that wait when a drain begins have their turn, and do not hold it up when they can have none', async () => {
    await open(1, { limit: 1 });
    const all = calls(4);
    await held(1);
    const drained = connection.drain(60_000);
    server.answer();
    await held(1);
    server.answer();
    await held(1);
    server.peers[0]?.close();
    await drained;
    assert.deepEqual(
      (await all).map((outcome) => (outcome.ok ? 'ok' : outcome.sent)),
      ['ok', 'ok', 'unknown', 'no'],
    );
    assert.equal(connection.state, 'closed');
  });

  it('that wait for the next connection when a drain begins are not sent at all', async () => {
    await open(1, { limit: 1, greets: (index) => (index === 0 ? undefined : new Promise(() => {})) });
    const [first, second] = [call(), call()];
    await held(1);
    await clock.advance(20);
    server.peers[0]?.send(goaway(1));
    await reached(connection, 'connecting');
    const drained = connection.drain(60_000);
    const outcome = await second;
    assert.ok(!outcome.ok);
    assert.deepEqual([outcome.status.reason, outcome.sent], ['DRAINING', 'no']);
    server.answer();
    assert.ok((await first).ok);
    await drained;
  });

  it('are served by a further connection that comes after the first has gone, and no other is made', async () => {
    const greeting = deferred();
    await open(2, { limit: 1, greets: (index) => (index === 1 ? greeting.promise : undefined) });
    const all = calls(2);
    await held(1);
    await until(() => server.peers.length === 2);
    server.peers[0]?.close();
    assert.ok((await all).every(({ ok }) => !ok));
    assert.equal(connection.state, 'failed');
    greeting.resolve();
    await reached(connection, 'ready');
    await clock.advance(1000);
    assert.equal(connection.state, 'ready');
    assert.equal(server.peers.length, 2);
  });

  it('wait on when one of several attempts fails: the others may not', async () => {
    const greeting = deferred();
    await open(3, { limit: 1, greets: (index) => (index === 0 ? undefined : greeting.promise) });
    const states: string[] = [];
    connection.onStateChange(() => states.push(connection.state));
    const all = calls(3);
    await held(1);
    await until(() => server.peers.length === 3);
    await clock.advance(20);
    server.peers[0]?.send(goaway(1));
    server.answer();
    await reached(connection, 'connecting');
    server.peers[1]?.socket.resetAndDestroy();
    for (let turn = 0; turn < 20; turn++) await clock.advance(0);
    greeting.resolve();
    await held(1);
    server.answer();
    await held(1);
    server.answer();
    assert.ok((await all).every(({ ok }) => ok));
    assert.deepEqual(states, ['connecting', 'ready']);
  });

  it('are not sent away by a failure that took long to explain, while the next attempt is under way', async () => {
    const greeting = deferred();
    await open(2, { limit: 1, greets: (index) => (index === 0 ? undefined : greeting.promise) });
    const all = calls(2);
    await held(1);
    await until(() => server.peers.length === 2);
    server.peers[0]?.close();
    assert.ok((await all).every(({ ok }) => !ok));
    assert.equal(connection.state, 'failed');
    // The further connection ends without a word, all of its own being read: it is looked whether TLS is spoken there.
    await until(() => (server.peers[1]?.bytesReceived ?? 0) > 0);
    server.peers[1]?.close();
    await until(() => server.peers.length === 3);
    await clock.advance(20);
    await until(() => server.peers.length === 4);
    const states: string[] = [];
    connection.onStateChange(() => states.push(connection.state));
    server.peers[2]?.close();
    for (let turn = 0; turn < 20; turn++) await clock.advance(0);
    greeting.resolve();
    await reached(connection, 'ready');
    assert.deepEqual(states, ['ready']);
  });
});
