import assert from 'node:assert/strict';
import { Code } from '@breakwater/core';
import { fixturePerTest, UNARY } from '@breakwater/rpc/conformance';
import { data, goaway, headers, ping, settings } from '../testing/frames.js';
import { message, OK_TRAILERS, responseFields } from '../testing/grpc-bytes.js';
import { literals } from '../testing/literals.js';
import type { RawPeer } from '../testing/raw-peer.js';
import { listenRaw } from '../testing/raw-server.js';
import { wireTransport } from '../wire-transport.js';

/** A PING on a stream breaks a rule of the connection. */
const BROKEN_RULE = (() => {
  const frame = ping();
  frame[8] = 1;
  return frame;
})();

const answer = async (peer: RawPeer): Promise<void> => {
  await peer.handshake();
  const { stream } = await peer.expectFrame('HEADERS');
  peer.send(
    headers(stream, literals(responseFields())),
    data(stream, message('1')),
    headers(stream, literals(OK_TRAILERS), { endStream: true }),
  );
};

/** The first connection goes wrong; the second one is as it should be. */
describe('a session that is over as soon as it has begun', () => {
  const fixture = fixturePerTest(() => wireTransport());

  /** @returns a connection that has been told to connect */
  const served = async (first: (peer: RawPeer) => unknown) => {
    const server = fixture().own(await listenRaw((peer, index) => (index === 0 ? first(peer) : answer(peer))));
    const connection = fixture().connect({ host: '127.0.0.1', port: server.port });
    connection.connect();
    return { connection, server };
  };

  for (const [what, frames] of [
    ['breaks a rule together with its SETTINGS', [settings(), BROKEN_RULE]],
    ['says GOAWAY together with its SETTINGS', [settings(), goaway(0)]],
  ] as const) {
    it(`is not taken for one that works: the server ${what}`, async () => {
      const { connection, server } = await served((peer) => peer.send(...frames));
      await fixture().until(() => server.peers.length === 2 && connection.state === 'ready');
      const outcome = await connection.call(UNARY, fixture().call(UNARY, { request: 1, deadline: fixture().in(3000) }));
      assert.ok(outcome.ok, JSON.stringify(outcome));
    });
  }

  it('ends the calls that were waiting for it', async () => {
    const { connection } = await served((peer) => peer.send(settings(), BROKEN_RULE));
    await fixture().until(() => connection.state === 'failed');
    const outcome = await connection.call(UNARY, fixture().call(UNARY, { request: 1 }));
    assert.equal(outcome.ok, false);
    assert.equal(outcome.status.code, Code.UNAVAILABLE);
    assert.equal(outcome.sent, 'no');
  });
});
