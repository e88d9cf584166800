import assert from 'node:assert/strict';
import { FakeClock } from '@breakwater/core/testing';
import { data, frame, headers, settings } from '../frames.js';
import { message, requestFields } from '../grpc-bytes.js';
import { literals } from '../literals.js';
import { COUNT, ECHO, HANG } from '../methods.js';
import { TYPE } from '../numbers.js';
import { PREFACE, type RawPeer } from '../raw-peer.js';
import { until } from '../until.js';
import { begin, call, type Arena } from './arena.js';

const TIMEOUT_MS = 5000;

/** Peers that speak something else. Nothing that they say may be answered as if it were a call. */
const STRANGERS: readonly (readonly [string, Uint8Array])[] = [
  ['an HTTP/1.1 request', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
  [
    'an HTTP/1.1 request to upgrade',
    Buffer.from(
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n',
    ),
  ],
  ['a TLS ClientHello', Buffer.from('16030100c8010000c40303000102030405060708090a0b0c0d0e0f', 'hex')],
  ['an SSH banner', Buffer.from('SSH-2.0-OpenSSH_9.6\r\n')],
  ['a preface with one wrong byte', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\rX')],
  ['a preface without its first byte', Buffer.concat([PREFACE.subarray(1), settings()])],
  ['zeros', Buffer.alloc(100_000)],
];

/** What opens slowly, or not at all, or is something else: it is ended in time, and costs little meanwhile. */
export function describeSlow(arena: () => Arena): void {
  let clock: FakeClock;
  beforeEach(async () => {
    clock = new FakeClock();
    await arena().reopen({ clock, transport: { handshakeTimeoutMs: TIMEOUT_MS } });
  });

  /** Open just before the time is up, ended when it is. */
  const expectTimeout = async (peer: RawPeer): Promise<void> => {
    await arena().works();
    await clock.advance(TIMEOUT_MS - 1);
    await arena().works();
    assert.ok(!peer.ended, 'it was ended too early');
    await clock.advance(1);
    await peer.expectClosed();
    await arena().survived();
  };

  for (const [what, bytes] of STRANGERS) {
    it(`${what} is no reason to wait for more`, async () => {
      const stranger = await arena().bare();
      await stranger.deliver(bytes);
      await stranger.expectClosed();
      assert.doesNotMatch(stranger.earliest.toString('latin1'), /HTTP\/1\.1 (?:200|101)/);
      await arena().survived();
    });
  }

  it('nothing at all is waited for no longer than the handshake may take', async () => {
    await expectTimeout(await arena().bare());
  });

  it('a preface that stops half-way', async () => {
    const peer = await arena().bare();
    await peer.deliver(PREFACE.subarray(0, 12));
    await expectTimeout(peer);
  });

  it('a preface byte by byte, each of them in time', async () => {
    const peer = await arena().bare();
    for (const byte of PREFACE.subarray(0, 10)) {
      await peer.deliver(Buffer.from([byte]));
      await arena().works();
      await clock.advance(TIMEOUT_MS / 10 - 1);
      assert.ok(!peer.ended, 'it was ended too early');
    }
    await clock.advance(TIMEOUT_MS / 10);
    await peer.expectClosed();
    await arena().survived();
  });

  it('a preface without SETTINGS', async () => {
    const peer = await arena().bare();
    await peer.deliver(PREFACE);
    await expectTimeout(peer);
  });

  it('SETTINGS of the server that are never acknowledged', async () => {
    const peer = await arena().bare();
    await peer.deliver(PREFACE, settings());
    await peer.expectFrame('SETTINGS', ({ ack }) => !ack);
    await clock.advance(TIMEOUT_MS);
    await peer.expectGoaway('SETTINGS_TIMEOUT');
    await arena().survived();
  });

  it('a header block that is begun and not ended', async () => {
    const peer = await arena().attacker();
    await peer.deliver(headers(1, literals(requestFields(ECHO.path)), { endHeaders: false }));
    await arena().works();
    await clock.advance(TIMEOUT_MS);
    await peer.expectClosed();
    await arena().survived();
  });

  it('a frame that is begun and not ended', async () => {
    const peer = await arena().attacker();
    await peer.deliver(begin(1, COUNT).subarray(0, 20));
    await arena().works();
    await clock.advance(TIMEOUT_MS);
    await peer.expectClosed();
    await arena().survived();
  });

  it('a quiet connection after its handshake is left alone', async () => {
    const peer = await arena().attacker();
    await peer.deliver(begin(1, COUNT));
    await clock.advance(20 * TIMEOUT_MS);
    await peer.deliver(data(1, message('late'), { endStream: true }));
    assert.equal((await peer.response(1)).content.subarray(5).toString(), '1 messages, 4 bytes');
    await arena().survived(peer);
  });

  it('a thousand connections that say nothing are all ended, and others served meanwhile', async () => {
    const peers: RawPeer[] = [];
    for (let count = 0; count < 1000; count++) peers.push(await arena().bare());
    await arena().works();
    arena().bearable();
    await clock.advance(TIMEOUT_MS);
    await Promise.all(peers.map((peer) => peer.expectClosed()));
    await arena().survived();
  });

  it('a peer that goes on sending after its connection was ended is cut off', async () => {
    const peer = await arena().attacker();
    peer.send(frame({ type: TYPE.PING, payload: Buffer.alloc(7) }));
    await peer.until('the end of the connection', () => peer.ended || undefined);
    // It neither closes its side nor stops: whoever keeps the socket for it keeps it for ever.
    for (let sent = 0; !peer.closed && sent < 1000; sent++) {
      await peer.deliver(Buffer.alloc(16_384));
      await clock.advance(1000);
    }
    assert.ok(peer.closed, 'the server holds the connection and reads on');
    await arena().survived();
  });

  it('a peer that ends its side in the middle of a call: the call is cancelled, the connection ended', async () => {
    const peer = await arena().attacker();
    peer.send(call(1, HANG));
    await until(() => arena().handlers.running === 1);
    peer.socket.end();
    await peer.expectClosed();
    await arena().survived();
  });

  it('a peer that ends its side in the middle of a frame', async () => {
    const peer = await arena().attacker();
    await peer.deliver(begin(1, COUNT), data(1, message('hello')).subarray(0, 10));
    peer.socket.end();
    await peer.expectClosed();
    await arena().survived();
  });

  it('a peer that resets the connection in the middle of a call', async () => {
    const peer = await arena().attacker();
    peer.send(call(1, HANG));
    await until(() => arena().handlers.running === 1);
    peer.socket.resetAndDestroy();
    await arena().survived();
  });
}
