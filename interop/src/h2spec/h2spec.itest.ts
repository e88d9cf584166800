import assert from 'node:assert/strict';
import { createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { requireServer } from '@breakwater/testing';
import { runH2spec } from './run-h2spec.js';

// Node's own HTTP/2 fails some cases; this is about what the runner of other suites reports, not about Node.
describe('h2spec against node:http2', function () {
  this.timeout(60_000);
  let binary = '';
  let server: Http2Server;
  before(async function () {
    binary = requireServer(this, 'h2spec');
    server = createServer({ settings: { maxConcurrentStreams: 100 } }, (_request, response) => {
      response.end(Buffer.alloc(1024, 'x'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  after(() => server?.close());

  const port = (): number => (server.address() as AddressInfo).port;

  it('runs every case of the sections asked for', async () => {
    const { passed, failed, skipped } = await runH2spec({ binary, port: port(), sections: ['generic', 'hpack'] });
    assert.equal(passed + failed.length + skipped.length, 51);
    assert.ok(passed > 40, `${passed} passed`);
  });

  it('names the cases that fail', async () => {
    // That Node answers a PING after an unexpected acknowledgement of one by closing, h2spec counts as a failure.
    const { failed } = await runH2spec({ binary, port: port(), sections: ['http2/6.7'], timeoutSeconds: 1 });
    for (const one of failed) assert.match(one, /^http2\/6\.7: .+\n {2}/);
  });
});
