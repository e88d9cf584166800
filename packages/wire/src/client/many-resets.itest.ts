import assert from 'node:assert/strict';
import { Cancellation, fail, succeed, type Call } from '@breakwater/core';
import { fixturePerTest, RecordingSink, SERVER_STREAM, UNARY } from '@breakwater/rpc/conformance';
import { data, headers } from '../testing/frames.js';
import { message, OK_TRAILERS, responseFields } from '../testing/grpc-bytes.js';
import { literals } from '../testing/literals.js';
import { listenRaw } from '../testing/raw-server.js';
import { wireTransport } from '../wire-transport.js';

const STREAMS = 1000;
const ROUNDS = 3;
const PIECE = 'x'.repeat(200);
const BY_CALLER = { code: 1, origin: 'local', reason: 'CANCELLED', details: 'the caller cancelled' } as const;

/** What was on its way when a stream was reset comes all the same, for more streams than a session remembers. */
describe('a thousand streams that are cancelled together, in the middle of their messages', () => {
  const fixture = fixturePerTest(() => wireTransport());

  const produce = async ({ responses, cancellation }: Call) => {
    while (!cancellation.cancelled) {
      const more = responses?.message(PIECE);
      await (more === true ? undefined : more);
    }
    return cancellation.status === undefined ? succeed(undefined) : fail(cancellation.status);
  };

  it('leave the connection to the other calls', async () => {
    const { connection } = await fixture().pair([
      [SERVER_STREAM, produce],
      [UNARY, async ({ request }) => succeed(request)],
    ]);
    const states: string[] = [];
    connection.onStateChange(() => states.push(connection.state));
    for (let round = 0; round < ROUNDS; round++) {
      const cancellation = new Cancellation();
      let begun = 0;
      const running = Array.from({ length: STREAMS }, async () => {
        let first = true;
        const responses = new RecordingSink(() => {
          if (first) begun += 1;
          first = false;
          return true;
        });
        return connection.call(SERVER_STREAM, fixture().call(SERVER_STREAM, { request: 1, responses, cancellation }));
      });
      await fixture().until(() => begun === STREAMS);
      cancellation.cancel(BY_CALLER);
      for (const outcome of await Promise.all(running)) assert.equal(outcome.ok || outcome.status.reason, 'CANCELLED');
      const outcome = await connection.call(UNARY, fixture().call(UNARY, { request: round }));
      assert.ok(outcome.ok, JSON.stringify(outcome));
    }
    assert.deepEqual(states, []);
  });
});

describe('a stream that is cancelled while tens of thousands of small messages are on their way', () => {
  const fixture = fixturePerTest(() => wireTransport());
  /** As many as the window of a stream allows. */
  const ON_THEIR_WAY = (256 * 1024) / message('1').length - 1;

  it('leaves the connection to the other calls', async () => {
    const server = fixture().own(
      await listenRaw(async (peer) => {
        await peer.handshake();
        const { stream } = await peer.expectFrame('HEADERS');
        const head = headers(stream, literals(responseFields()));
        const small = data(stream, message('1'));
        peer.send(head, small);
        await peer.expectFrame('RST_STREAM');
        peer.send(...Array.from({ length: ON_THEIR_WAY }, () => small));
        const next = await peer.expectFrame('HEADERS');
        peer.send(
          headers(next.stream, literals(responseFields())),
          data(next.stream, message('1')),
          headers(next.stream, literals(OK_TRAILERS), { endStream: true }),
        );
      }),
    );
    const connection = await fixture().ready({ host: '127.0.0.1', port: server.port });
    const cancellation = new Cancellation();
    const responses = new RecordingSink(() => {
      cancellation.cancel(BY_CALLER);
      return true;
    });
    const request = { request: 1, responses, cancellation };
    const cancelled = await connection.call(SERVER_STREAM, fixture().call(SERVER_STREAM, request));
    assert.equal(cancelled.ok || cancelled.status.reason, 'CANCELLED');
    const outcome = await connection.call(UNARY, fixture().call(UNARY, { request: 1 }));
    assert.ok(outcome.ok, JSON.stringify(outcome));
  });
});
