import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const LOGGER = new URL('./logger.js', import.meta.url).href;

/** Logs a line, waits to be told that its reader is gone, logs two more and exits with 7. */
const PROGRAM = `
  import { loggerFor } from ${JSON.stringify(LOGGER)};
  const logger = loggerFor(undefined, 'test');
  logger.info('first');
  process.stdin.once('data', () => {
    logger.info('second');
    logger.info('third');
    process.exit(7);
  });
`;

describe('the log of a service', function () {
  this.timeout(30_000);

  const start = () => {
    const { BREAKWATER_LOG_LEVEL: _, ...env } = process.env;
    const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env,
      // An endless exit heeds no other signal.
      timeout: 20_000,
      killSignal: 'SIGKILL',
    });
    return { child, closed: once(child, 'close') };
  };

  it('does not keep a process from exiting when its reader has gone', async () => {
    const { child, closed } = start();
    await once(child.stdout, 'data');
    child.stdout.destroy();
    await once(child.stdout, 'close');
    child.stdin.end('go');
    assert.deepEqual(await closed, [7, null]);
  });

  it('has its last lines out before the process exits', async () => {
    const { child, closed } = start();
    let log = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (log === '') child.stdin.end('go');
      log += text;
    });
    assert.deepEqual(await closed, [7, null]);
    const messages = log
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { readonly msg: string }).msg);
    assert.deepEqual(messages, ['first', 'second', 'third']);
  });
});
