import assert from 'node:assert/strict';
import { SessionPair } from './testing/session-pair.js';

describe('a client and a server session', () => {
  it('exchange a request and a response, and have nothing left of them', async () => {
    const pair = await new SessionPair().connect();
    const [client, server] = await pair.open();
    client.send('request', true);
    await pair.settle();
    assert.equal(server.recorder.received.toString(), 'request');
    server.head();
    server.send('response');
    server.finish();
    await pair.settle();
    assert.equal(client.recorder.received.toString(), 'response');
    assert.deepEqual(client.log, ['200', 'trailers', 'end']);
    assert.deepEqual([pair.client.streams.size, pair.server.streams.size], [0, 0]);
    assert.deepEqual(pair.log, ['busy', 'idle']);
  });
});
