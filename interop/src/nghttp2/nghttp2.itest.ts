import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Listener, Method } from '@breakwater/rpc';
import { requireServer, serverTool } from '@breakwater/testing';
import { COUNT, EchoService, FAIL, FAIL_DETAILS, UNARY } from '../testing/echo-service.js';
import { listen } from '../testing/endpoint.js';
import { runProgram } from '../testing/run-program.js';
import { TRANSPORTS } from '../transports.js';

const LIMIT_MS = 60_000;
const HEADERS = ['content-type: application/grpc', 'te: trailers'].flatMap((header) => ['-H', header]);

/** A request stream of one message: flag 0, its length, itself. */
function grpcBody(message: string): Buffer {
  const body = Buffer.alloc(5 + message.length);
  body.writeUInt32BE(message.length, 1);
  body.write(message, 5, 'latin1');
  return body;
}

/** A header that nghttp reports as received. */
const received = (header: string): RegExp => new RegExp(`recv \\(stream_id=\\d+\\) ${header}`);

for (const { name, create } of TRANSPORTS) {
  describe(`nghttp2's clients and the server on ${name}`, function () {
    this.timeout(LIMIT_MS + 5000);
    let nghttp = '';
    let h2load = '';
    let dir = '';
    let listener: Listener | undefined;
    before(async function () {
      nghttp = requireServer(this, 'nghttp2');
      h2load = serverTool('H2LOAD_BIN');
      dir = mkdtempSync(join(tmpdir(), 'breakwater-nghttp2-'));
      listener = await listen(create(), new EchoService().methods);
    });
    after(async () => {
      await listener?.close();
      if (dir !== '') rmSync(dir, { recursive: true, force: true });
    });

    const url = ({ path }: Method): string => `http://127.0.0.1:${listener?.address.port}${path}`;
    const bodyFile = (message: string): string => {
      const path = join(dir, 'body');
      writeFileSync(path, grpcBody(message));
      return path;
    };
    const ask = async (method: Method, message: string, ...flags: readonly string[]): Promise<string> => {
      const args = ['-v', ...flags, '-d', bodyFile(message), ...HEADERS, url(method)];
      const { code, output } = await runProgram(nghttp, args, LIMIT_MS);
      assert.equal(code, 0, output);
      return output;
    };

    it('nghttp is answered with headers, one message and trailers', async () => {
      const output = await ask(UNARY, 'hello');
      const order = [received(':status: 200'), received('content-type: application/grpc'), /recv DATA frame/];
      order.push(received('grpc-status: 0'));
      const places = order.map((one) => output.search(one));
      assert.ok(!places.includes(-1), output);
      assert.deepEqual(
        [...places].sort((one, other) => one - other),
        places,
        output,
      );
      // Not compressed, ten bytes long.
      assert.ok(output.includes('\0\0\0\0\x0aecho:hello'), output);
      assert.match(output, received('x-trailer: t'));
      assert.match(output, received('x-trailer-bin: AP8'));
    });

    it('nghttp sees a failure as HTTP status 200 with the status in the trailers', async () => {
      const output = await ask(FAIL, '');
      assert.match(output, received(':status: 200'));
      assert.match(output, received('grpc-status: 5'));
      const message = /^.*recv \(stream_id=\d+\) grpc-message: (.*)$/m.exec(output)?.[1] ?? '';
      assert.match(message, /^[ -~]+$/);
      assert.equal(decodeURIComponent(message), FAIL_DETAILS);
    });

    it('nghttp takes a response of a megabyte through a window of 16 KiB', async () => {
      const output = await ask(UNARY, 'w'.repeat(1024 * 1024), '-w', '14', '-W', '14', '-n');
      assert.match(output, received('grpc-status: 0'));
    });

    for (const [method, message, requests] of [
      [UNARY, 'hello', 2000],
      [COUNT, '10', 500],
    ] as const) {
      it(`h2load makes ${requests} calls of ${method.method} on four connections, and all are answered`, async () => {
        const load = ['-n', `${requests}`, '-c', '4', '-m', '20', '-t', '1'];
        const args = [...load, '-d', bodyFile(message), ...HEADERS, url(method)];
        const { code, output } = await runProgram(h2load, args, LIMIT_MS);
        assert.equal(code, 0, output);
        const done = `${requests} total, ${requests} started, ${requests} done, ${requests} succeeded, 0 failed, 0 errored, 0 timeout`;
        assert.ok(output.includes(done), output);
        assert.ok(output.includes(`status codes: ${requests} 2xx, 0 3xx, 0 4xx, 0 5xx`), output);
      });
    }
  });
}
