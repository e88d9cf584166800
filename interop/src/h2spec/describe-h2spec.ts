import assert from 'node:assert/strict';
import { requireServer } from '@breakwater/testing';
import { runH2spec } from './run-h2spec.js';

/** A server for h2spec: plaintext HTTP/2 on 127.0.0.1, answering GET and POST of `/` with some hundred bytes of DATA. */
export interface H2Server {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * A mocha suite: h2spec finds nothing wrong with a server and skips nothing. A server that announces no
 * SETTINGS_MAX_CONCURRENT_STREAMS, or answers with less DATA than a case wants, has cases skipped.
 * @param name of the server, for the title
 */
export function describeH2spec(name: string, start: () => Promise<H2Server>): void {
  describe(`h2spec against ${name}`, function () {
    this.timeout(150_000);
    let binary = '';
    let server: H2Server | undefined;
    before(async function () {
      binary = requireServer(this, 'h2spec');
      server = await start();
    });
    after(() => server?.close());

    for (const section of ['generic', 'http2', 'hpack']) {
      it(`finds nothing wrong in ${section}`, async () => {
        const { passed, failed, skipped } = await runH2spec({ binary, port: server?.port ?? 0, sections: [section] });
        console.log(`${name}, ${section}: ${passed} passed, ${failed.length} failed, ${skipped.length} skipped`);
        assert.deepEqual(failed, []);
        assert.deepEqual(skipped, []);
      });
    }
  });
}
