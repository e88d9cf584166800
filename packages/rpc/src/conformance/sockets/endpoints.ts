import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { Code, Metadata, succeed, type Outcome } from '@breakwater/core';
import type { Connection, Transport } from '../../transport/transport.js';
import { nextTurn } from '../../transport-kit/system-turn.js';
import { deferred, fixturePerTest, untilCancelled, type Handlers } from '../fixture.js';
import { SERVER_STREAM, UNARY } from '../methods.js';
import { skipAsAbsent } from './system-absent.js';

const ECHO: Handlers = [[UNARY, async (call) => succeed(call.request)]];

/** Names and addresses to connect to, and what becomes of their connections. @param create a fresh transport on sockets */
export function describeEndpoints(name: string, create: () => Transport): void {
  describe(`endpoints and their connections: ${name}`, () => {
    const fixture = fixturePerTest(create);
    const call = (connection: Connection): Promise<Outcome> =>
      connection.call(UNARY, fixture().call(UNARY, { request: 'x' }));

    it('connects to a host by its name', async () => {
      const { address } = await fixture().listen(ECHO);
      assert.ok((await call(await fixture().ready({ host: 'localhost', port: address.port }))).ok);
    });

    it('connects to an IPv6 address', async function () {
      const all = Object.values(networkInterfaces()).flat();
      if (!all.some((one) => one?.address === '::1')) skipAsAbsent(this, 'ipv6', 'this machine has no ::1');
      const { listener, connection } = await fixture().pair(ECHO, { host: '::1' });
      const outcome = await call(connection);
      assert.ok(outcome.ok);
      assert.equal(outcome.peer, `[::1]:${listener.address.port}`);
    });

    it('a connection that has reached its age is replaced: what was sent is answered, what was not says so', async () => {
      const { connection } = await fixture().pair(ECHO, { server: { maxConnectionAgeMs: 1000 } });
      let replaced = 0;
      connection.onStateChange(() => {
        if (connection.state === 'ready') replaced++;
      });
      while (replaced === 0) {
        const outcome = await call(connection);
        if (!outcome.ok) assert.notEqual(outcome.sent, 'unknown', JSON.stringify(outcome));
        await new Promise<void>(nextTurn);
      }
      assert.ok((await call(connection)).ok);
    });

    it('a stream that nobody ends holds a drain up; closing the listener ends both', async () => {
      const { listener, connection } = await fixture().pair([
        [
          SERVER_STREAM,
          (incoming) => {
            incoming.responses?.headers(Metadata.EMPTY);
            return untilCancelled(incoming);
          },
        ],
      ]);
      const started = deferred();
      const responses = { headers: () => started.resolve(), message: (): true => true };
      const endless = fixture().call(SERVER_STREAM, { request: 1, responses, deadline: Number.POSITIVE_INFINITY });
      const streaming = connection.call(SERVER_STREAM, endless);
      await started.promise;
      let drained = false;
      const draining = listener.drain().then(() => {
        drained = true;
      });
      await fixture().until(() => connection.state !== 'ready');
      assert.equal(drained, false);
      assert.equal(listener.inFlight, 1);
      await listener.close();
      await draining;
      const outcome = await streaming;
      assert.ok(!outcome.ok);
      assert.equal(outcome.status.code, Code.UNAVAILABLE);
      assert.equal(listener.inFlight, 0);
    });

    it('a thousand calls at once on one connection, more than it has streams for, are all answered', async () => {
      const { connection } = await fixture().pair(ECHO, { server: { maxConcurrentStreams: 50 } });
      const outcomes = await Promise.all(Array.from({ length: 1000 }, () => call(connection)));
      assert.equal(outcomes.filter((outcome) => outcome.ok).length, 1000);
    });
  });
}
