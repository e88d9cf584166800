import assert from 'node:assert/strict';
import { Code, type Outcome } from '@breakwater/core';
import { data, goaway, headers, rstStream } from '../frames.js';
import { message, responseFields } from '../grpc-bytes.js';
import { literals } from '../literals.js';
import { HANG } from '../methods.js';
import { CODE, TYPE, type CodeName } from '../numbers.js';
import { MAX_WINDOW, type RawPeer } from '../raw-peer.js';
import { answer, answering, expectAnswer, expectFailure, requestOf, type Stage } from './stage.js';

const { CANCELLED, INTERNAL, PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNAVAILABLE, UNKNOWN } = Code;

/** The table of PROTOCOL-HTTP2.md; where it says nothing, what other implementations say. */
const MAPPED: readonly (readonly [CodeName | number, readonly Code[]])[] = [
  // Without a status in front of it: INTERNAL, or the trace of a server that has gone.
  ['NO_ERROR', [INTERNAL, UNAVAILABLE]],
  ['PROTOCOL_ERROR', [INTERNAL]],
  ['INTERNAL_ERROR', [INTERNAL]],
  ['FLOW_CONTROL_ERROR', [INTERNAL]],
  ['SETTINGS_TIMEOUT', [INTERNAL]],
  ['STREAM_CLOSED', [INTERNAL, UNKNOWN]],
  ['FRAME_SIZE_ERROR', [INTERNAL]],
  ['CANCEL', [CANCELLED]],
  ['COMPRESSION_ERROR', [INTERNAL]],
  ['CONNECT_ERROR', [INTERNAL]],
  ['ENHANCE_YOUR_CALM', [RESOURCE_EXHAUSTED]],
  ['INADEQUATE_SECURITY', [PERMISSION_DENIED]],
  ['HTTP_1_1_REQUIRED', [INTERNAL, UNKNOWN]],
  [0xbad, [INTERNAL, UNKNOWN]],
];

/** Calls that a server ends without a status: RST_STREAM, GOAWAY, the end of the connection. */
export function describeResets(stage: () => Stage): void {
  for (const [code, codes] of MAPPED) {
    for (const [when, before] of [
      ['before its response', (): Buffer => Buffer.alloc(0)],
      ['in the middle of its response', (stream: number): Buffer => headers(stream, literals(responseFields()))],
    ] as const) {
      it(`a stream that is reset with ${code} ${when}`, async () => {
        const server = await stage().listen(
          answering((peer, stream, count) =>
            peer.send(count === 1 ? Buffer.concat([before(stream), rstStream(stream, code)]) : answer(stream)),
          ),
        );
        const connection = await stage().connect(server.port);
        const number = typeof code === 'number' ? code : CODE[code];
        const names = new RegExp(`${code}|code ${number}|0x${number.toString(16)}|ended before`);
        expectFailure(await stage().call(connection), { code: codes, says: names, sent: 'unknown' });
        expectAnswer(await stage().call(connection));
        assert.equal(server.peers.length, 1, 'the whole connection was given up');
      });
    }
  }

  it('a stream that is refused was not handled: it is sent again, by the transport or by whoever may retry', async () => {
    let requests = 0;
    const server = await stage().listen(
      answering((peer, stream) => peer.send(++requests === 1 ? rstStream(stream, 'REFUSED_STREAM') : answer(stream))),
    );
    const connection = await stage().connect(server.port);
    const outcome = await stage().call(connection);
    if (outcome.ok) expectAnswer(outcome);
    else expectFailure(outcome, { code: UNAVAILABLE, sent: 'refused' });
    expectAnswer(await stage().call(connection));
  });

  it('a stream that is refused every time', async () => {
    const server = await stage().listen(answering((peer, stream) => peer.send(rstStream(stream, 'REFUSED_STREAM'))));
    const outcome = await stage().call(await stage().connect(server.port));
    expectFailure(outcome, { code: UNAVAILABLE, says: /refused/i, sent: 'refused' });
  });

  it('a stream that is refused after its headers: it is not believed to be unhandled', async () => {
    const server = await stage().listen(
      answering((peer, stream) =>
        peer.send(headers(stream, literals(responseFields())), rstStream(stream, 'REFUSED_STREAM')),
      ),
    );
    const outcome = await stage().call(await stage().connect(server.port));
    expectFailure(outcome, { code: UNAVAILABLE, sent: 'unknown' });
  });

  it('a reset with NO_ERROR after a whole response is part of a good end', async () => {
    const server = await stage().listen(
      answering((peer, stream) => peer.send(answer(stream), rstStream(stream, 'NO_ERROR'))),
    );
    const connection = await stage().connect(server.port);
    expectAnswer(await stage().call(connection));
    expectAnswer(await stage().call(connection));
  });

  it('a status that comes before the request has ended is the status', async () => {
    const denied = [...responseFields(), ['grpc-status', '7'], ['grpc-message', 'no']] as const;
    const server = await stage().listen(async (peer) => {
      await peer.handshake([], MAX_WINDOW);
      const { stream } = await peer.expectFrame('HEADERS');
      peer.send(headers(stream, literals(denied), { endStream: true }), rstStream(stream, 'NO_ERROR'));
      for (;;) peer.send(answer(await requestOf(peer)));
    });
    const connection = await stage().connect(server.port);
    const outcome = await stage().call(connection, undefined, { request: new Uint8Array(1_000_000) });
    const status = expectFailure(outcome, { code: PERMISSION_DENIED });
    assert.equal(status.details, 'no');
    expectAnswer(await stage().call(connection));
  });

  /** Two calls, both of which the server has seen before it does something. */
  const pair = async (
    act: (peer: RawPeer, streams: readonly [number, number]) => unknown,
  ): Promise<readonly [Outcome, Outcome]> => {
    const server = await stage().listen(async (peer, index) => {
      await peer.handshake([], MAX_WINDOW);
      if (index > 0) for (;;) peer.send(answer(await requestOf(peer)));
      const first = await requestOf(peer);
      await act(peer, [first, await requestOf(peer)]);
    });
    const connection = await stage().connect(server.port);
    const first = stage().call(connection, HANG);
    await stage().until(() => server.peers[0]?.counts.get(TYPE.DATA) === 1, 'the call did not come');
    const outcomes = await Promise.all([first, stage().call(connection, HANG)]);
    await stage().recovers(connection);
    return outcomes;
  };

  it('GOAWAY that leaves out the second call: it was refused, the first one is answered', async () => {
    const [first, second] = await pair((peer, [stream]) =>
      peer.send(goaway(stream, 'NO_ERROR', 'bye'), answer(stream)),
    );
    expectAnswer(first);
    // Where the transport sends it again by itself, it is answered.
    if (!second.ok) expectFailure(second, { code: UNAVAILABLE, sent: 'refused' });
  });

  it('GOAWAY that leaves out both calls, and the end of the connection', async () => {
    const outcomes = await pair((peer) => {
      peer.send(goaway(0));
      peer.socket.end();
    });
    for (const outcome of outcomes) if (!outcome.ok) expectFailure(outcome, { code: UNAVAILABLE, sent: 'refused' });
  });

  it('GOAWAY, and the end of the connection in the middle of the calls that it has taken', async () => {
    const outcomes = await pair((peer, [, last]) => {
      peer.send(goaway(last));
      peer.socket.end();
    });
    for (const outcome of outcomes)
      expectFailure(outcome, { code: UNAVAILABLE, reason: 'CONNECTION_LOST', sent: 'unknown' });
  });

  it('GOAWAY for too many PINGs says so', async () => {
    const outcomes = await pair((peer, [, last]) => {
      peer.send(goaway(last, 'ENHANCE_YOUR_CALM', 'too_many_pings'));
      peer.socket.end();
    });
    for (const outcome of outcomes)
      expectFailure(outcome, {
        code: [UNAVAILABLE, RESOURCE_EXHAUSTED],
        says: /ENHANCE_YOUR_CALM|too_many_pings|code 11/,
      });
  });

  it('two GOAWAY, the second with a lower stream', async () => {
    const [first, second] = await pair((peer, [one]) =>
      peer.send(goaway(2 ** 31 - 1, 'NO_ERROR', 'soon'), goaway(one, 'NO_ERROR', 'now'), answer(one)),
    );
    expectAnswer(first);
    if (!second.ok) expectFailure(second, { code: UNAVAILABLE, sent: 'refused' });
  });

  it('a connection that ends in the middle of calls', async () => {
    for (const outcome of await pair((peer) => peer.socket.end()))
      expectFailure(outcome, { code: UNAVAILABLE, reason: 'CONNECTION_LOST', says: /127\.0\.0\.1/, sent: 'unknown' });
  });

  it('a connection that is reset in the middle of calls', async () => {
    for (const outcome of await pair((peer) => peer.socket.resetAndDestroy()))
      expectFailure(outcome, { code: UNAVAILABLE, reason: 'CONNECTION_LOST', says: /127\.0\.0\.1/, sent: 'unknown' });
  });

  it('a connection that ends in the middle of a frame', async () => {
    const outcomes = await pair((peer, [one]) => {
      peer.send(headers(one, literals(responseFields())), data(one, message('x'.repeat(100))).subarray(0, 50));
      peer.socket.end();
    });
    for (const outcome of outcomes)
      expectFailure(outcome, { code: UNAVAILABLE, reason: 'CONNECTION_LOST', sent: 'unknown' });
  });
}
