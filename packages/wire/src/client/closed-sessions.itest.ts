import assert from 'node:assert/strict';
import { createRuntime } from '@breakwater/core';
import { FakeClock } from '@breakwater/core/testing';
import { BYTES, Fixture, UNARY } from '@breakwater/rpc/conformance';
import { goaway, settings, windowUpdate } from '../testing/frames.js';
import { openSockets } from '../testing/open-sockets.js';
import { MAX_WINDOW, type RawPeer } from '../testing/raw-peer.js';
import { listenRaw } from '../testing/raw-server.js';
import { until } from '../testing/until.js';
import { wireTransport } from '../wire-transport.js';

const MEGABYTES_4 = Buffer.alloc(4_000_000, 'x');
/** A peer has this long to close its side. */
const LINGER_MS = 10_000;

/** The peers of these tests never end a connection by themselves. */
describe('a client that is closed leaves no socket behind', () => {
  let clock: FakeClock;
  let fixture: Fixture;
  let before: number;
  beforeEach(() => {
    before = openSockets();
    clock = new FakeClock();
    fixture = new Fixture(wireTransport(), createRuntime({ clock }));
  });
  afterEach(() => fixture.dispose());

  /** Of the peers only their own ends are open. */
  const onlyPeersAreLeft = async (peers: readonly RawPeer[]): Promise<void> => {
    await until(() => openSockets() === before + peers.filter(({ closed }) => !closed).length);
    assert.equal(clock.pendingTimers, 0);
  };

  it('of a peer that does not close its side', async () => {
    const server = fixture.own(await listenRaw((peer) => peer.handshake()));
    const connection = await fixture.ready({ host: '127.0.0.1', port: server.port });
    connection.close();
    await until(() => server.peers[0]?.ended === true);
    await clock.advance(LINGER_MS);
    await onlyPeersAreLeft(server.peers);
  });

  it('of a peer that does not read', async () => {
    const server = fixture.own(
      await listenRaw(async (peer) => {
        peer.send(settings(['INITIAL_WINDOW_SIZE', MAX_WINDOW]), windowUpdate(0, MAX_WINDOW - 65_535));
        await peer.expectFrame('SETTINGS');
        peer.socket.pause();
      }),
    );
    const connection = await fixture.ready({ host: '127.0.0.1', port: server.port });
    const calls = Array.from({ length: 5 }, () =>
      connection.call(BYTES, fixture.call(BYTES, { request: MEGABYTES_4 })),
    );
    await until(() => server.peers[0]?.socket.isPaused() === true);
    await clock.advance(10);
    connection.close();
    await Promise.all(calls);
    await clock.advance(3 * LINGER_MS);
    await onlyPeersAreLeft(server.peers);
  });

  it('of a peer that said GOAWAY while calls waited for it to read', async () => {
    let sayGoaway = (): void => {};
    const server = fixture.own(
      await listenRaw(async (peer, index) => {
        if (index > 0) return peer.handshake();
        peer.send(settings(['INITIAL_WINDOW_SIZE', MAX_WINDOW]), windowUpdate(0, MAX_WINDOW - 65_535));
        await peer.expectFrame('SETTINGS');
        peer.socket.pause();
        sayGoaway = () => peer.send(goaway(0));
      }),
    );
    const connection = await fixture.ready({ host: '127.0.0.1', port: server.port });
    await until(() => server.peers[0]?.socket.isPaused() === true);
    const large = Array.from({ length: 5 }, () =>
      connection.call(BYTES, fixture.call(BYTES, { request: MEGABYTES_4 })),
    );
    for (let turn = 0; turn < 50; turn++) await clock.advance(1);
    const waiting = connection.call(UNARY, fixture.call(UNARY, { request: 1 }));
    sayGoaway();
    await Promise.all(large);
    await until(() => server.peers.length === 2 && connection.state === 'ready');
    connection.close();
    await waiting;
    await clock.advance(3 * LINGER_MS);
    await onlyPeersAreLeft(server.peers);
  });
});
