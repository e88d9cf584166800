import assert from 'node:assert/strict';
import { createRuntime } from '@breakwater/core';
import { FakeClock } from '@breakwater/core/testing';
import { Fixture } from '@breakwater/rpc/conformance';
import { serverLimits, type Listener } from '@breakwater/rpc';
import { call } from '../testing/attacks/arena.js';
import { ping } from '../testing/frames.js';
import { Handlers } from '../testing/handlers.js';
import { MANY } from '../testing/methods.js';
import { openSockets } from '../testing/open-sockets.js';
import { connectRaw, MAX_WINDOW, type RawPeer } from '../testing/raw-peer.js';
import { wireTransport } from '../wire-transport.js';

const HANDSHAKE_TIMEOUT_MS = 10_000;
const BROKEN_RULE = (() => {
  const frame = ping();
  frame[8] = 1;
  return frame;
})();
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The peers of these tests do nothing to end their connection. */
describe('a server keeps no socket of a connection that is over', () => {
  let clock: FakeClock;
  let fixture: Fixture;
  let peer: RawPeer;
  let listener: Listener;
  let before: number;
  beforeEach(async () => {
    before = openSockets();
    clock = new FakeClock();
    const handlers = new Handlers();
    fixture = new Fixture(wireTransport({ handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS }), createRuntime({ clock }));
    listener = fixture.own(
      await fixture.transport.listen(
        { name: 'server', host: '127.0.0.1', port: 0, limits: serverLimits(), runtime: fixture.runtime },
        handlers.served,
      ),
    );
    peer = fixture.own(await connectRaw(listener.address.port));
  });
  afterEach(() => fixture.dispose());

  const onlyThePeerIsLeft = async (): Promise<void> => {
    while (openSockets() > before + 1) await turn();
  };

  it('because its peer broke a rule, and does not close its side', async () => {
    await peer.handshake();
    peer.send(BROKEN_RULE);
    await peer.expectFrame('GOAWAY');
    await peer.until('the end', () => peer.ended || undefined);
    await clock.advance(HANDSHAKE_TIMEOUT_MS);
    await onlyThePeerIsLeft();
  });

  it('because its peer broke a rule, and does not read', async () => {
    await peer.handshake([['INITIAL_WINDOW_SIZE', MAX_WINDOW]], MAX_WINDOW);
    peer.socket.pause();
    peer.send(call(1, MANY, '2000'));
    for (let turns = 0; turns < 100; turns++) await turn();
    peer.send(BROKEN_RULE);
    for (let turns = 0; turns < 100; turns++) await turn();
    await clock.advance(HANDSHAKE_TIMEOUT_MS * 2);
    await onlyThePeerIsLeft();
  });

  it('because its peer has ended its side, and does not read', async () => {
    await peer.handshake([['INITIAL_WINDOW_SIZE', MAX_WINDOW]], MAX_WINDOW);
    peer.socket.pause();
    peer.send(call(1, MANY, '2000'));
    for (let turns = 0; turns < 100; turns++) await turn();
    peer.socket.end();
    for (let turns = 0; turns < 100; turns++) await turn();
    await clock.advance(HANDSHAKE_TIMEOUT_MS * 2);
    await onlyThePeerIsLeft();
  });

  it('that has been drained, also when the client was slow to read the last answer', async () => {
    await peer.handshake([['INITIAL_WINDOW_SIZE', MAX_WINDOW]], MAX_WINDOW);
    peer.socket.pause();
    peer.send(call(1, MANY, '1000'));
    while (listener.inFlight === 0) await turn();
    const drained = listener.drain();
    // The client does not answer the PING either.
    await clock.advance(1000);
    peer.socket.resume();
    await peer.until('the end', () => peer.ended || undefined);
    assert.equal((await peer.response(1)).trailers.get('grpc-status'), '0');
    peer.close();
    await drained;
  });
});
