import assert from 'node:assert/strict';
import { connect as connectTls } from 'node:tls';
import { createRuntime, type Outcome, type PolicyEvent, succeed } from '@breakwater/core';
import { FakeClock } from '@breakwater/core/testing';
import { roundRobin, staticRegistry } from '@breakwater/discovery';
import {
  Channel,
  type ClientTls,
  clientLimits,
  type Connection,
  type Listener,
  PEER,
  PEER_CERTIFICATE,
} from '@breakwater/rpc';
import { certificates, Fixture, type FixtureOptions, type Handlers, reached, UNARY } from '@breakwater/rpc/conformance';
import { wireTransport } from '../wire-transport.js';
import { PemFolder } from '../testing/pem-folder.js';
import { until } from '../testing/until.js';

const { CA, CLIENT, OTHER, SECOND, SERVER } = certificates;
const BOTH = Buffer.concat([CA, SECOND.ca]);

/** The handler answers who called, by certificate and by address. */
const WHO: Handlers = [
  [UNARY, async ({ attributes }) => succeed([attributes.get(PEER_CERTIFICATE) ?? 'nobody', attributes.get(PEER)])],
];

describe('certificates that are renewed while a service runs', () => {
  let clock: FakeClock;
  let fixture: Fixture;
  let events: PolicyEvent[];
  let server: PemFolder;
  let client: PemFolder;
  beforeEach(() => {
    clock = new FakeClock();
    const runtime = createRuntime({ clock });
    events = [];
    runtime.events.subscribe((event) => events.push(event));
    fixture = new Fixture(wireTransport(), runtime);
    server = fixture.own(new PemFolder());
    client = fixture.own(new PemFolder());
    server.swap({ 'tls.crt': SERVER.cert, 'tls.key': SERVER.key, 'clients.crt': CA });
    client.swap({ 'tls.crt': CLIENT.cert, 'tls.key': CLIENT.key, 'ca.crt': CA });
  });
  afterEach(async () => {
    await fixture.dispose();
    // Until the last socket has gone, it is given a second.
    await until(() => clock.pendingTimers === 0);
  });

  const listen = (mutual = false, options: FixtureOptions = {}): Promise<Listener> => {
    const serverTls = { cert: server.path('tls.crt'), key: server.path('tls.key') };
    return fixture.listen(WHO, {
      ...options,
      serverTls: mutual ? { ...serverTls, clientCa: server.path('clients.crt') } : serverTls,
    });
  };
  const call = (connection: Connection): Promise<Outcome> =>
    connection.call(UNARY, fixture.call(UNARY, { request: 1 }));
  /** Whether a client with this key material gets through now. */
  const accepted = async ({ address }: Listener, clientTls: ClientTls): Promise<boolean> => {
    const connection = fixture.connect(address, { clientTls });
    connection.connect();
    await Promise.race([reached(connection, 'ready'), reached(connection, 'failed')]);
    const { state } = connection;
    connection.close();
    return state === 'ready';
  };
  const told = (): string[] =>
    events.flatMap((event) => (event.type === 'certificates' ? [`${event.name}: ${event.outcome}`] : []));

  it('the server shows the new one to new connections; those that are open go on', async () => {
    const listener = await listen();
    const old = await fixture.ready(listener.address, { clientTls: { ca: CA } });
    assert.ok(!(await accepted(listener, { ca: SECOND.ca })));
    server.swap({ 'tls.crt': SECOND.server.cert, 'tls.key': SECOND.server.key, 'clients.crt': CA });
    await clock.advance(10_000);
    assert.deepEqual(told(), ['conformance: used']);
    assert.ok(await accepted(listener, { ca: SECOND.ca }));
    assert.ok(!(await accepted(listener, { ca: CA })));
    assert.ok((await call(old)).ok);
  });

  it('the server trusts the clients of the new authority, and those of the old one no longer', async () => {
    const listener = await listen(true);
    const first = { ca: CA, ...CLIENT };
    const second = { ca: CA, ...SECOND.client };
    const old = await fixture.ready(listener.address, { clientTls: first });
    assert.ok(!(await accepted(listener, second)));
    server.swap({ 'tls.crt': SERVER.cert, 'tls.key': SERVER.key, 'clients.crt': SECOND.ca });
    await clock.advance(10_000);
    assert.ok(await accepted(listener, second));
    assert.ok(!(await accepted(listener, first)));
    assert.ok((await call(old)).ok);
  });

  it('a TLS session from before does not let a client of the old authority in', async () => {
    const { address } = await listen(true);
    /** Whether the server took it, and the TLS session to come back with. */
    const visit = (session?: Buffer): Promise<{ readonly taken: boolean; readonly session: Buffer | undefined }> =>
      new Promise((resolve) => {
        const security = { ...CLIENT, ca: CA, ALPNProtocols: ['h2'], servername: 'conformance', session };
        const socket = connectTls({ ...address, ...security });
        fixture.own({ close: () => socket.destroy() });
        let given = session;
        let answered = false;
        const look = (): void => {
          if (answered && given !== undefined) resolve({ taken: true, session: given });
        };
        socket.on('session', (one) => {
          given = one;
          look();
        });
        socket.on('data', () => {
          answered = true;
          look();
        });
        socket.on('error', () => {});
        socket.on('close', () => resolve({ taken: false, session: given }));
      });
    const before = await visit();
    assert.ok(before.taken && before.session !== undefined);
    assert.ok((await visit(before.session)).taken);
    server.swap({ 'tls.crt': SERVER.cert, 'tls.key': SERVER.key, 'clients.crt': SECOND.ca });
    await clock.advance(10_000);
    assert.equal((await visit(before.session)).taken, false);
  });

  it('the client reads its files anew at every connect', async () => {
    const listener = await listen(true);
    const clientTls = { ca: client.path('ca.crt'), cert: client.path('tls.crt'), key: client.path('tls.key') };
    assert.ok(await accepted(listener, clientTls));
    server.swap({ 'tls.crt': SECOND.server.cert, 'tls.key': SECOND.server.key, 'clients.crt': SECOND.ca });
    await clock.advance(10_000);
    assert.ok(!(await accepted(listener, clientTls)));
    client.swap({ 'tls.crt': SECOND.client.cert, 'tls.key': SECOND.client.key, 'ca.crt': SECOND.ca });
    assert.ok(await accepted(listener, clientTls));
  });

  it('broken files change nothing, and are told of with name and reason', async () => {
    const listener = await listen();
    const clientTls = { ca: client.path('ca.crt') };
    server.swap({ 'tls.crt': OTHER.cert, 'tls.key': SERVER.key });
    client.swap({ 'ca.crt': Buffer.from('nonsense') });
    await clock.advance(20_000);
    assert.ok(await accepted(listener, { ca: CA }));
    assert.equal(events.length, 1);
    const [event] = events;
    assert.ok(event?.type === 'certificates');
    assert.deepEqual([event.name, event.outcome], ['conformance', 'refused']);
    assert.match(event.why, /tls\.cert \(.*tls\.crt\) changed, but tls\.key does not belong to tls\.cert/);
    client.swap({ 'ca.crt': CA });
    assert.ok(await accepted(listener, clientTls));
    client.swap({ 'ca.crt': Buffer.from('nonsense') });
    assert.ok(await accepted(listener, clientTls));
    assert.match(JSON.stringify(events[1]), /tls\.ca: the file .* is not PEM/);
  });

  it('broken files that nobody listens for are a warning of the process', async () => {
    const quiet = new Fixture(wireTransport(), createRuntime({ clock }));
    fixture.own({ close: () => quiet.dispose() });
    const tls = { cert: server.path('tls.crt'), key: server.path('tls.key') };
    await quiet.listen([], { serverTls: tls });
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    server.swap({ 'tls.crt': OTHER.cert, 'tls.key': SERVER.key });
    await clock.advance(20_000);
    assert.match((await warned).message, /^the certificates of conformance: .*does not belong/);
  });

  it('a change of authority under load loses no call', async () => {
    const listener = await listen(true, { server: { maxConnectionAgeMs: 60_000 } });
    const channel = new Channel({
      target: `static:///127.0.0.1:${listener.address.port}`,
      registry: staticRegistry(),
      transport: fixture.transport,
      picker: roundRobin,
      limits: clientLimits(),
      backoff: { initialMs: 20, maxMs: 100 },
      runtime: fixture.runtime,
      authority: 'conformance',
      tls: { ca: client.path('ca.crt'), cert: client.path('tls.crt'), key: client.path('tls.key') },
      drainGraceMs: 1000,
    });
    fixture.own(channel);
    const handler = channel.handler(UNARY);
    const peers = new Set<unknown>();
    let calls = 0;
    let stopped = false;
    const caller = async (): Promise<void> => {
      while (!stopped) {
        const outcome = await handler(fixture.call(UNARY, { request: 1, deadline: Number.POSITIVE_INFINITY }));
        assert.ok(outcome.ok, JSON.stringify(outcome));
        const [who, peer] = outcome.value as [string, string];
        assert.equal(who, 'O=Acme, CN=orders');
        peers.add(peer);
        calls += 1;
      }
    };
    const callers = Promise.all(Array.from({ length: 8 }, caller));
    /** Time passes until the connection of now has been replaced, or for a reload; calls go on meanwhile. */
    const pass = async (ms: number): Promise<void> => {
      const before = calls;
      for (let step = 0; step < 10; step++) await clock.advance(ms / 10);
      while (calls < before + 100) await clock.advance(0);
    };
    await pass(10_000);
    assert.equal(peers.size, 1);
    // Everybody trusts both, then everybody shows the new one, then nobody trusts the old one any more.
    client.swap({ 'tls.crt': CLIENT.cert, 'tls.key': CLIENT.key, 'ca.crt': BOTH });
    server.swap({ 'tls.crt': SERVER.cert, 'tls.key': SERVER.key, 'clients.crt': BOTH });
    await pass(80_000);
    client.swap({ 'tls.crt': SECOND.client.cert, 'tls.key': SECOND.client.key, 'ca.crt': BOTH });
    server.swap({ 'tls.crt': SECOND.server.cert, 'tls.key': SECOND.server.key, 'clients.crt': BOTH });
    await pass(80_000);
    client.swap({ 'tls.crt': SECOND.client.cert, 'tls.key': SECOND.client.key, 'ca.crt': SECOND.ca });
    server.swap({ 'tls.crt': SECOND.server.cert, 'tls.key': SECOND.server.key, 'clients.crt': SECOND.ca });
    await pass(80_000);
    stopped = true;
    await clock.run(callers);
    assert.ok(peers.size >= 4, `${peers.size} connections`);
    assert.deepEqual(new Set(told()), new Set(['conformance: used']));
  });
});
