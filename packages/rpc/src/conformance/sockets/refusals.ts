import assert from 'node:assert/strict';
import { constants } from 'node:http2';
import { Cancellation, Code, Metadata, succeed, type Outcome } from '@breakwater/core';
import type { Transport } from '../../transport/transport.js';
import { nextTurn } from '../../transport-kit/system-turn.js';
import { BY_CALLER, deferred, fixturePerTest } from '../fixture.js';
import { CLIENT_STREAM, UNARY } from '../methods.js';
import type { SocketFeatures } from './socket-features.js';
import { answer, listenHttp2, type OnStream } from './raw-servers.js';

/**
 * How a call ends is one thing; whether the server can have seen it is what decides about another attempt.
 * @param create a fresh transport on sockets
 */
export function describeRefusals(name: string, create: () => Transport, { repeatsRefused }: SocketFeatures): void {
  describe(`what is known of a call that failed: ${name}`, () => {
    const fixture = fixturePerTest(create);

    /** How a call ends on a bare HTTP/2 server that does this to its streams. */
    const outcomeOf = async (onStream: OnStream): Promise<Outcome> => {
      const connection = await fixture().ready(await listenHttp2(fixture(), onStream));
      return connection.call(UNARY, fixture().call(UNARY, { request: 'x' }));
    };
    const failureOf = async (onStream: OnStream) => {
      const outcome = await outcomeOf(onStream);
      assert.ok(!outcome.ok, JSON.stringify(outcome));
      return outcome;
    };

    if (repeatsRefused === true) {
      it('a stream that is refused once is sent again by itself', async () => {
        const outcome = await outcomeOf((stream, count) =>
          count === 1 ? stream.close(constants.NGHTTP2_REFUSED_STREAM) : answer(stream, '"ok"'),
        );
        assert.ok(outcome.ok, JSON.stringify(outcome));
        assert.equal(outcome.value, 'ok');
      });
    }

    it('a stream that is refused again and again was certainly not handled: sent is "refused"', async () => {
      const outcome = await failureOf((stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM));
      assert.equal(outcome.status.code, Code.UNAVAILABLE);
      assert.equal(outcome.sent, 'refused');
    });

    it('a stream that the server resets otherwise may have been handled: sent is "unknown"', async () => {
      const outcome = await failureOf((stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
      assert.equal(outcome.status.code, Code.INTERNAL);
      assert.equal(outcome.sent, 'unknown');
    });

    it('a server that only says it has refused, in its status, is not believed', async () => {
      const outcome = await failureOf((stream) =>
        stream.respond(
          {
            ':status': 200,
            'content-type': 'application/grpc',
            'grpc-status': '14',
            'grpc-message': 'Stream refused by server',
          },
          { endStream: true },
        ),
      );
      assert.equal(outcome.sent, 'unknown');
    });

    it('a connection that breaks in the middle of a call is CONNECTION_LOST', async () => {
      const outcome = await failureOf((_stream, _count, breakOff) => breakOff());
      assert.equal(outcome.status.code, Code.UNAVAILABLE);
      assert.equal(outcome.status.reason, 'CONNECTION_LOST');
      assert.equal(outcome.sent, 'unknown');
    });

    it('a response that ends without a status is not a success', async () => {
      await failureOf((stream) => {
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
        stream.end();
      });
    });

    it('a web page is not taken for a message of enormous length: the answer says what came', async () => {
      const page =
        (httpStatus: number): OnStream =>
        (stream) => {
          stream.respond({ ':status': httpStatus, 'content-type': 'text/html' });
          stream.end('<html><body>It works!</body></html>');
        };
      const found = await failureOf(page(200));
      assert.equal(found.status.code, Code.UNKNOWN);
      assert.equal(found.status.reason, 'PEER_NOT_GRPC');
      assert.match(found.status.details, /^127\.0\.0\.1:\d+ answered with text\/html, not gRPC$/);
      const unavailable = await failureOf(page(503));
      assert.equal(unavailable.status.code, Code.UNAVAILABLE);
      assert.equal(unavailable.status.reason, 'PEER_NOT_GRPC');
    });

    it('OK without a message is UNIMPLEMENTED, as gRPC has it', async () => {
      const outcome = await failureOf((stream) =>
        stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '0' }, { endStream: true }),
      );
      assert.equal(outcome.status.code, Code.UNIMPLEMENTED);
    });

    it('calls that race with the GOAWAY of a server that drains fail as certainly not handled, or not at all', async () => {
      for (let round = 0; round < 5; round++) {
        let handled = 0;
        const { listener, connection } = await fixture().pair([[UNARY, async () => succeed(++handled)]]);
        const outcomes: Promise<Outcome>[] = [];
        let draining: Promise<void> | undefined;
        for (let turn = 0; turn < 60; turn++) {
          for (let one = 0; one < 4; one++)
            outcomes.push(connection.call(UNARY, fixture().call(UNARY, { request: 'x' })));
          if (turn === 20) draining = listener.drain();
          await new Promise<void>(nextTurn);
        }
        const results = await Promise.all(outcomes);
        await draining;
        const failed = results.filter((outcome) => !outcome.ok);
        assert.ok(failed.length > 0);
        for (const outcome of failed) assert.ok(!outcome.ok && outcome.sent !== 'unknown', JSON.stringify(outcome));
        assert.equal(handled, results.length - failed.length);
        connection.close();
      }
    });

    it('a cancelled upload is reset, and never half-closed before: no server can take it for a complete one', async () => {
      for (let round = 0; round < 10; round++) {
        let ended = false;
        const received = deferred();
        const halfClosed = deferred<boolean>();
        const address = await listenHttp2(fixture(), (stream) => {
          stream.on('data', () => received.resolve());
          stream.on('end', () => {
            ended = true;
          });
          // node:http2 ends a stream that was reset as well, but after it has said so.
          stream.on('aborted', () => halfClosed.resolve(ended));
        });
        const connection = await fixture().ready(address);
        async function* requests(): AsyncGenerator<string> {
          yield 'the first half';
          await new Promise(() => {});
        }
        const cancellation = new Cancellation();
        const call = fixture().call(CLIENT_STREAM, { requests: requests(), cancellation });
        const running = connection.call(CLIENT_STREAM, call);
        await received.promise;
        cancellation.cancel(BY_CALLER);
        assert.ok(!(await running).ok);
        assert.equal(await halfClosed.promise, false);
      }
    });

    it('metadata that HTTP/2 forbids ends its own call, not the connection', async () => {
      const connection = await fixture().ready(await listenHttp2(fixture(), (stream) => answer(stream, '"ok"')));
      const metadata = Metadata.of({ connection: 'close' });
      const outcome = await connection.call(UNARY, fixture().call(UNARY, { request: 'x', metadata }));
      assert.ok(!outcome.ok);
      assert.equal(outcome.status.reason, 'ENCODE_FAILED');
      assert.equal(outcome.sent, 'no');
      assert.equal(connection.state, 'ready');
      assert.ok((await connection.call(UNARY, fixture().call(UNARY, { request: 'x' }))).ok);
    });
  });
}
