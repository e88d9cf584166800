import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));

describe('the plain grpc-js example', () => {
  const { CONSUL_HTTP_ADDR: _, ...env } = process.env;

  it('is discovered, balanced and retried: no call fails while instances crash, join and stop', async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [MAIN], { env, timeout: 60_000 });
    const lines = stdout.trim().split('\n');
    assert.deepEqual(lines.slice(0, -1), [
      'registry: an embedded agent',
      'two instances: first and second answer, 0 calls failed',
      'the first has crashed: second answers, 0 calls failed',
      'a third has joined: second and third answer, 0 calls failed',
      'the second has stopped: third answers, 0 calls failed',
      'a stream through the same policies: 3 messages',
    ]);
    assert.match(lines.at(-1) ?? '', /^nobody is left: 14 UNAVAILABLE: /);
    assert.equal(stderr, '');
  }).timeout(70_000);
});
