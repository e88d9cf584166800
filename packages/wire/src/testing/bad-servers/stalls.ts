import assert from 'node:assert/strict';
import { Cancellation, Code } from '@breakwater/core';
import { FakeClock } from '@breakwater/core/testing';
import { data, headers, ping, settings, windowUpdate } from '../frames.js';
import { message, OK_TRAILERS, responseFields } from '../grpc-bytes.js';
import { literals } from '../literals.js';
import { COUNT, HANG, MANY } from '../methods.js';
import { TYPE } from '../numbers.js';
import { MAX_WINDOW, type RawPeer } from '../raw-peer.js';
import { settled, until } from '../until.js';
import { answer, answering, expectAnswer, expectFailure, requestOf, type Stage } from './stage.js';

const PIECE = 'x'.repeat(16 * 1024);
/** 24 MB: room for buffers of the system and for windows, none for "everything". */
const BOUND = 1500;

/** Servers that go silent, hold the client up, or push it: deadlines hold, memory is bounded, PINGs are answered. */
export function describeStalls(stage: () => Stage): void {
  const silent = async (peer: RawPeer): Promise<void> => {
    await peer.handshake([], MAX_WINDOW);
  };

  it('a server that never answers: the deadline ends the call, and the server is told', async () => {
    const clock = new FakeClock();
    const server = await stage().listen(silent);
    const connection = await stage().connect(server.port, { clock });
    const running = stage().call(connection, HANG, { deadline: clock.now() + 500, now: clock.now() });
    await stage().until(() => server.peers[0]?.counts.get(TYPE.DATA) === 1, 'the call did not come');
    await clock.advance(1000);
    expectFailure(await running, { code: Code.DEADLINE_EXCEEDED, reason: 'DEADLINE_EXCEEDED', sent: 'unknown' });
    await server.peers[0]?.expectReset(1, 'CANCEL');
  });

  it('a call that is cancelled is reset with CANCEL', async () => {
    const server = await stage().listen(silent);
    const connection = await stage().connect(server.port);
    const cancellation = new Cancellation();
    const running = stage().call(connection, HANG, { cancellation });
    await stage().until(() => server.peers[0]?.counts.get(TYPE.DATA) === 1, 'the call did not come');
    cancellation.cancel({ code: Code.CANCELLED, details: 'enough', origin: 'local' });
    const outcome = await running;
    assert.ok(!outcome.ok && outcome.status.details === 'enough');
    await server.peers[0]?.expectReset(1, 'CANCEL');
  });

  it('a server that does not answer keepalive PINGs is given up, and its calls with it', async () => {
    const clock = new FakeClock();
    const server = await stage().listen(silent);
    const client = { keepaliveTimeMs: 10_000, keepaliveTimeoutMs: 1000 };
    const connection = await stage().connect(server.port, { clock, client });
    const running = stage().call(connection, HANG);
    await stage().until(() => server.peers[0]?.counts.get(TYPE.DATA) === 1, 'the call did not come');
    // What came with the handshake may count as a sign of life.
    const pinged = (): boolean => server.peers[0]?.counts.has(TYPE.PING) === true;
    for (let waited = 0; waited < 3 && !pinged(); waited++) {
      await clock.advance(10_000);
      await settled(() => server.peers[0]?.counts.get(TYPE.PING) ?? 0);
    }
    assert.ok(pinged(), 'no PING came in three times the keepalive time');
    await clock.advance(1000);
    expectFailure(await running, {
      code: Code.UNAVAILABLE,
      reason: 'CONNECTION_LOST',
      says: /keepalive|PING/i,
      sent: 'unknown',
    });
  });

  it('PINGs are answered with what they hold, at any time', async () => {
    const server = await stage().listen(
      answering(async (peer, stream) => {
        peer.send(headers(stream, literals(responseFields())), ping(Buffer.from('deadbeef')));
        await peer.expectFrame('PING', ({ ack, payload }) => ack && payload.toString() === 'deadbeef');
        peer.send(data(stream, message('hello')), headers(stream, literals(OK_TRAILERS), { endStream: true }));
      }),
    );
    expectAnswer(await stage().call(await stage().connect(server.port)));
  });

  async function* pieces(pulled: { count: number }): AsyncGenerator<string> {
    for (; pulled.count < 4000; pulled.count++) yield PIECE;
  }

  it('a server that gives no window holds an upload up, and other calls not', async () => {
    const pulled = { count: 0 };
    const server = await stage().listen(async (peer) => {
      await peer.handshake([], MAX_WINDOW);
      const upload = await peer.expectFrame('HEADERS');
      for (;;) {
        const stream = await requestOf(peer);
        assert.notEqual(stream, upload.stream);
        peer.send(answer(stream));
      }
    });
    const connection = await stage().connect(server.port);
    const cancellation = new Cancellation();
    const running = stage().call(connection, COUNT, { request: undefined, requests: pieces(pulled), cancellation });
    await until(() => pulled.count > 0);
    const held = await settled(() => pulled.count);
    assert.ok(held < BOUND, `${held} messages were taken for a server that takes none`);
    expectAnswer(await stage().call(connection));
    cancellation.cancel({ code: Code.CANCELLED, details: 'enough', origin: 'local' });
    assert.ok(!(await running).ok);
  });

  it('a server that does not read its socket holds an upload up', async () => {
    const pulled = { count: 0 };
    const server = await stage().listen(async (peer) => {
      await peer.handshake([['INITIAL_WINDOW_SIZE', MAX_WINDOW]], MAX_WINDOW);
      await peer.expectFrame('HEADERS');
      peer.socket.pause();
    });
    const connection = await stage().connect(server.port);
    const cancellation = new Cancellation();
    const running = stage().call(connection, COUNT, { request: undefined, requests: pieces(pulled), cancellation });
    await until(() => pulled.count > 0);
    const held = await settled(() => pulled.count);
    assert.ok(held < BOUND, `${held} messages were taken for a server that reads none`);
    cancellation.cancel({ code: Code.CANCELLED, details: 'enough', origin: 'local' });
    assert.ok(!(await running).ok);
  });

  it('a window that is taken back is waited for', async () => {
    const request = new Uint8Array(100_000);
    const server = await stage().listen(async (peer) => {
      await peer.handshake([['INITIAL_WINDOW_SIZE', 1000]]);
      const { stream } = await peer.expectFrame('HEADERS');
      const got = (): number =>
        peer.frames.reduce((sum, { type, payload }) => (type === TYPE.DATA ? sum + payload.length : sum), 0);
      await peer.until('1000 bytes', () => got() === 1000 || undefined);
      peer.send(settings(['INITIAL_WINDOW_SIZE', 0]));
      await peer.expectFrame('SETTINGS', ({ ack }) => ack);
      peer.send(windowUpdate(stream, 1000), ping());
      await peer.expectFrame('PING', ({ ack }) => ack);
      assert.equal(got(), 1000);
      peer.send(windowUpdate(stream, 10));
      await peer.until('ten bytes more', () => got() === 1010 || undefined);
      peer.send(settings(['INITIAL_WINDOW_SIZE', 200_000]), windowUpdate(0, 200_000));
      await peer.until('the end of the request', () =>
        peer.frames.find(({ type, endStream }) => type === TYPE.DATA && endStream),
      );
      assert.equal(got(), request.length + 5);
      for (const { payload } of peer.frames) assert.ok(payload.length <= 16_384);
      peer.send(answer(stream));
    });
    expectAnswer(await stage().call(await stage().connect(server.port), undefined, { request }));
  });

  it('a caller that takes no messages: the server is given no window for more than a few', async () => {
    let sent = 0;
    const server = await stage().listen(async (peer) => {
      await peer.handshake();
      const stream = await requestOf(peer);
      const granted = (of: number): number =>
        peer.frames.reduce((sum, { increment = 0, stream: on }) => (on === of ? sum + increment : sum), 0);
      const greeting = peer.frames.find(({ settings: pairs }) => pairs !== undefined)?.settings;
      const initial = greeting?.get(4) ?? 65_535;
      peer.send(headers(stream, literals(responseFields())));
      const piece = message('x'.repeat(1000));
      while (sent + piece.length <= Math.min(initial + granted(stream), 65_535 + granted(0)) && sent < 50_000_000) {
        if (!(await peer.deliver(data(stream, piece)))) break;
        sent += piece.length;
      }
    });
    const connection = await stage().connect(server.port);
    const cancellation = new Cancellation();
    const responses = { headers: () => {}, message: () => new Promise<void>(() => {}) };
    const running = stage().call(connection, MANY, { responses, cancellation });
    await until(() => sent > 0);
    const held = await settled(() => sent, 30);
    assert.ok(held < 24_000_000, `the server was let send ${held} bytes to a caller that takes none`);
    cancellation.cancel({ code: Code.CANCELLED, details: 'enough', origin: 'local' });
    assert.ok(!(await running).ok);
  });

  it('MAX_CONCURRENT_STREAMS of 1: calls take turns', async () => {
    const server = await stage().listen(async (peer) => {
      await peer.handshake([['MAX_CONCURRENT_STREAMS', 1]], MAX_WINDOW);
      for (let calls = 1; ; calls++) {
        const stream = await requestOf(peer);
        await peer.roundTrip();
        assert.equal(peer.counts.get(TYPE.HEADERS), calls, 'a second stream was opened');
        peer.send(answer(stream));
      }
    });
    const connection = await stage().connect(server.port);
    expectAnswer(await stage().call(connection));
    for (const outcome of await Promise.all(Array.from({ length: 10 }, () => stage().call(connection))))
      expectAnswer(outcome);
  });
}
