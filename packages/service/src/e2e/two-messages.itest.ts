import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Code } from '@breakwater/core';
import { failure, Town } from './chat.itest.js';
import { describeOnEachTransport } from './each-transport.itest.js';

describeOnEachTransport('a peer that answers a unary call with two messages', (transport) => {
  it('fails the call at once, saying so, instead of at its deadline', async () => {
    const message = Buffer.from([0, 0, 0, 0, 2, 0x7b, 0x7d]);
    const server = createServer().on('stream', (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(Buffer.concat([message, message]));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const town = new Town(transport);
    const client = town.client({}, `static:///127.0.0.1:${(server.address() as AddressInfo).port}`);
    // Without a deadline nothing else would end it.
    const error = await failure(client.one({}, { timeoutMs: null }));
    await town.close();
    server.close();
    assert.equal(error.code, Code.UNIMPLEMENTED);
    assert.match(error.details, /sent 2 response messages where one is allowed/);
  });
});
