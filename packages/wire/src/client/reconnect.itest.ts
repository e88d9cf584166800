import assert from 'node:assert/strict';
import { createRuntime, type Outcome } from '@breakwater/core';
import { FakeClock, fixedRandom } from '@breakwater/core/testing';
import { clientLimits, type Connection, type ConnectionState, type Transport } from '@breakwater/rpc';
import { Fixture, reached, UNARY } from '@breakwater/rpc/conformance';
import { goaway, ping, pushPromise, settings, settingsAck } from '../testing/frames.js';
import { requestFields } from '../testing/grpc-bytes.js';
import { HoldingServer } from '../testing/holding-server.js';
import { literals } from '../testing/literals.js';
import { TYPE } from '../testing/numbers.js';
import type { RawPeer } from '../testing/raw-peer.js';
import { listenRaw } from '../testing/raw-server.js';
import { until } from '../testing/until.js';
import { wireTransport } from '../wire-transport.js';
import { WireConnection } from './connection.js';
import { RequestHeads } from './method-plan.js';

const BACKOFF = { initialMs: 1000, maxMs: 5000 };
const MAX_ID = 2 ** 31 - 1;
const LOCALHOST = '127.0.0.1';

describe('a connection that is made anew', () => {
  let clock: FakeClock;
  let fixture: Fixture;
  beforeEach(() => {
    clock = new FakeClock();
    fixture = new Fixture(wireTransport(), createRuntime({ clock, random: fixedRandom(0.5) }));
  });
  afterEach(async () => {
    await fixture.dispose();
    await until(() => clock.pendingTimers === 0);
  });

  /** Attempts of each connection so far. */
  const attempts = new WeakMap<Connection, number>();
  /** Not connected yet. */
  const connectTo = (port: number, random = 0.5): Connection => {
    const connection = fixture.own(
      fixture.transport.connect(
        { host: LOCALHOST, port },
        {
          authority: 'conformance',
          limits: clientLimits({ keepaliveTimeMs: 10_000 }),
          backoff: BACKOFF,
          runtime: { ...fixture.runtime, random: fixedRandom(random) },
        },
      ),
    );
    connection.onStateChange(() => {
      if (connection.state === 'connecting') attempts.set(connection, (attempts.get(connection) ?? 0) + 1);
    });
    return connection;
  };
  const call = (connection: Connection): Promise<Outcome> =>
    connection.call(UNARY, fixture.call(UNARY, { request: 1, deadline: Number.POSITIVE_INFINITY }));
  /** A port on which nothing listens, until something does. */
  const freePort = async (): Promise<number> => {
    const listener = await fixture.listen([]);
    await listener.close();
    return listener.address.port;
  };
  /** ms of waiting between this failure and the next attempt. */
  const waited = async (connection: Connection): Promise<number> => {
    await reached(connection, 'failed');
    const [from, before] = [clock.now(), attempts.get(connection)];
    while (attempts.get(connection) === before) await clock.advance(1);
    return clock.now() - from;
  };

  it('waits longer after every failure, up to the longest wait, and begins anew after a success', async () => {
    const port = await freePort();
    const connection = connectTo(port);
    connection.connect();
    const waits: number[] = [];
    for (let failure = 0; failure < 6; failure++) waits.push(await waited(connection));
    assert.deepEqual(waits, [1000, 1600, 2560, 4096, 5000, 5000]);
    const listener = await fixture.listen([], { port });
    await Promise.race([reached(connection, 'ready'), waited(connection).then(() => reached(connection, 'ready'))]);
    await clock.advance(1000);
    await listener.close();
    assert.equal(await waited(connection), 1000);
  });

  it('spreads its waits by a fifth, so that clients do not come all at once', async () => {
    const port = await freePort();
    for (const [random, wait] of [
      [0, 800],
      [0.9999, 1200],
    ] as const) {
      const connection = connectTo(port, random);
      connection.connect();
      assert.equal(await waited(connection), wait);
      connection.close();
    }
  });

  it('is made at once when it has lasted, and after the first wait when it never lasts', async () => {
    const server = fixture.own(await HoldingServer.listen());
    const connection = connectTo(server.address.port);
    const states: ConnectionState[] = [];
    connection.onStateChange(() => states.push(connection.state));
    connection.connect();
    await reached(connection, 'ready');
    await clock.advance(1000);
    server.peers[0]?.close();
    await until(() => states.length === 4);
    assert.deepEqual(states, ['connecting', 'ready', 'connecting', 'ready']);
    server.peers[1]?.close();
    assert.equal(await waited(connection), 1000);
    await reached(connection, 'ready');
    server.peers[2]?.close();
    assert.equal(await waited(connection), 1000, 'a server that is there is no failure to back off from');
  });

  const openings: readonly (readonly [string, readonly Uint8Array[]])[] = [
    ['says GOAWAY', [goaway(0, 'NO_ERROR', 'shutting down')]],
    ['breaks a rule', [pushPromise(1, 2, literals(requestFields('/a.B/C')))]],
  ];
  for (const [what, frames] of openings) {
    it(`is not READY when the server ${what} in the same breath as its SETTINGS`, async () => {
      let calm = false;
      const server = fixture.own(
        await listenRaw(async (peer) => {
          if (calm) await peer.handshake();
          else peer.send(settings(), settingsAck(), ...frames);
        }),
      );
      const connection = connectTo(server.port);
      const states: ConnectionState[] = [];
      connection.onStateChange(() => states.push(connection.state));
      connection.connect();
      await waited(connection);
      assert.ok(!states.includes('ready'), states.join());
      assert.equal(await waited(connection), 1600);
      calm = true;
      await Promise.race([reached(connection, 'ready'), waited(connection).then(() => reached(connection, 'ready'))]);
    });
  }

  it('asks half as often after a server found its PINGs too many', async () => {
    const server = fixture.own(await HoldingServer.listen());
    const connection = connectTo(server.address.port);
    connection.connect();
    await reached(connection, 'ready');
    const pings = (peer: RawPeer | undefined): number =>
      peer?.frames.filter(({ type, ack }) => type === TYPE.PING && !ack).length ?? 0;
    const first = call(connection);
    await until(() => server.held.length === 1);
    await clock.advance(10_000);
    await until(() => pings(server.peers[0]) === 1);
    server.peers[0]?.send(goaway(1, 'ENHANCE_YOUR_CALM', 'too_many_pings'));
    server.answer();
    assert.ok((await first).ok);
    await until(() => server.peers.length === 2 && connection.state === 'ready');
    const second = call(connection);
    await until(() => server.held.length === 1);
    const [, peer] = server.peers;
    await clock.advance(19_999);
    assert.equal(pings(peer), 0);
    await clock.advance(1);
    await until(() => pings(peer) === 1);
    peer?.send(ping(peer.frames.findLast(({ type, ack }) => type === TYPE.PING && !ack)?.payload, true));
    server.answer();
    assert.ok((await second).ok);
  });

  describe('before its stream ids are used up', () => {
    /** @param ids streams that each connection has left */
    const shortLived = (ids: number): Transport => ({
      name: 'wire',
      connect: (address, options) =>
        new WireConnection(
          address,
          options,
          { maxBufferedBytes: 2 ** 24, maxConnections: 1, firstStreamId: MAX_ID - 2 * (ids - 1) },
          new RequestHeads(options.authority, 'http'),
        ),
      listen: () => Promise.reject(new Error('it has no server')),
    });

    it('has a successor, and no call notices', async () => {
      fixture = new Fixture(shortLived(65_536 + 50), fixture.runtime);
      const server = fixture.own(await HoldingServer.listen());
      const connection = await fixture.ready(server.address);
      const states: ConnectionState[] = [];
      connection.onStateChange(() => states.push(connection.state));
      const endless = call(connection);
      await until(() => server.held.length === 1);
      const [oldest] = server.held.splice(0);
      let answered = 0;
      for (let round = 0; round < 20; round++) {
        const calls = Promise.all(Array.from({ length: 10 }, () => call(connection)));
        await until(() => server.held.length === 10);
        server.answer();
        for (const outcome of await calls) {
          assert.ok(outcome.ok, JSON.stringify(outcome));
          answered += 1;
        }
      }
      assert.equal(answered, 200);
      assert.deepEqual(states, []);
      assert.ok(server.peers.length >= 2, `${server.peers.length} connections`);
      const [first] = server.peers;
      assert.equal(first?.ended, false, 'a call is still on it');
      assert.ok(oldest);
      server.answerOne(oldest);
      assert.ok((await endless).ok);
      await until(() => first?.ended === true);
    });

    it('tries again for a successor that cannot be made, and takes calls as long as it has ids', async () => {
      let taking = false;
      fixture = new Fixture(shortLived(4), fixture.runtime);
      const server = fixture.own(await HoldingServer.listen({ takes: (index) => index === 0 || taking }));
      const connection = await fixture.ready(server.address);
      const answered = async (): Promise<boolean> => {
        const outcome = call(connection);
        await until(() => server.held.length === 1);
        server.answer();
        return (await outcome).ok;
      };
      assert.ok(await answered());
      await until(() => server.peers[1]?.closed === true);
      assert.ok(await answered());
      assert.equal(server.peers.length, 2, 'no attempt per call');
      await clock.advance(20);
      await until(() => server.peers[2]?.closed === true);
      assert.ok(await answered());
      taking = true;
      await clock.advance(32);
      await until(() => server.peers.length === 4 && server.peers[0]?.ended === true);
      assert.equal(connection.state, 'ready');
      assert.ok(await answered());
    });

    it('is made anew when they are used up and there is no successor', async () => {
      fixture = new Fixture(shortLived(2), fixture.runtime);
      const server = fixture.own(await HoldingServer.listen({ takes: (index) => index !== 1 }));
      const connection = await fixture.ready(server.address);
      await clock.advance(100);
      const [first, second, third] = [call(connection), call(connection), call(connection)];
      await until(() => server.held.length === 2);
      const outcome = await third;
      assert.ok(!outcome.ok && outcome.sent === 'no');
      server.answer();
      assert.ok((await first).ok && (await second).ok);
      await reached(connection, 'failed');
      await clock.advance(20);
      await reached(connection, 'ready');
    });
  });
});
