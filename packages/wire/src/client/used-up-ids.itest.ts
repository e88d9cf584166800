import assert from 'node:assert/strict';
import { createRuntime, succeed } from '@breakwater/core';
import { clientLimits } from '@breakwater/rpc';
import { fixturePerTest, reached, UNARY } from '@breakwater/rpc/conformance';
import { MAX_STREAM_ID } from '../http2/frame.js';
import { openSockets } from '../testing/open-sockets.js';
import { wireTransport } from '../wire-transport.js';
import { WireConnection } from './connection.js';
import { RequestHeads } from './method-plan.js';

/** So many calls before the ids run out. */
const LEFT = 50;
/** That many are kept back. */
const SPARE_IDS = 2 * 65_536;

/** After a billion calls an HTTP/2 connection has no more streams. */
describe('a connection whose stream ids are used up', () => {
  const fixture = fixturePerTest(() => wireTransport());

  it('is replaced by another one, and no call fails for it', async () => {
    const before = openSockets();
    let answered = 0;
    const { address } = await fixture().listen([
      [
        UNARY,
        async ({ request }) => {
          // Some are still in flight when the next one is made.
          if (request === 'slow') await fixture().pause(50);
          return succeed(request);
        },
      ],
    ]);
    const connection = fixture().own(
      new WireConnection(
        address,
        {
          authority: 'test',
          limits: clientLimits(),
          backoff: { initialMs: 1, maxMs: 10 },
          runtime: createRuntime(),
        },
        { maxBufferedBytes: 1e6, maxConnections: 1, firstStreamId: MAX_STREAM_ID - SPARE_IDS - 2 * LEFT },
        new RequestHeads('test', 'http'),
      ),
    );
    connection.connect();
    await reached(connection, 'ready');
    await fixture().pause(10);
    const slow = Array.from({ length: 10 }, () => call('slow'));
    for (let round = 0; round < 10; round++) {
      await Promise.all(Array.from({ length: 13 }, () => call('quick')));
      if (connection.state !== 'ready') await reached(connection, 'ready');
    }
    await Promise.all(slow);
    assert.equal(answered, 140);
    // Its own end and the server's of the one that is left.
    await fixture().until(() => openSockets() === before + 2);

    async function call(request: string): Promise<void> {
      for (;;) {
        const outcome = await connection.call(UNARY, fixture().call(UNARY, { request }));
        if (outcome.ok) break;
        // Those that had no stream yet are told so, and may go anywhere.
        assert.ok(outcome.sent === 'no' || outcome.sent === 'refused', JSON.stringify(outcome));
        await fixture().pause(1);
      }
      answered += 1;
    }
  });
});
