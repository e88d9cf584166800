import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { run } from './child-process.js';
import { ROOT } from './repo.js';

/** The real .ci/run with an `npm` of our own on PATH, since the question is what it makes of npm's output. */
describe('.ci/run', () => {
  let dir = '';
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'breakwater-ci-'));
    for (const name of ['.ci', 'bin', 'tmp']) mkdirSync(join(dir, name));
    copyFileSync(join(ROOT, '.ci/run'), join(dir, '.ci/run'));
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  const ci = async (npm: string): Promise<{ code: number; last: string | undefined; stdout: string }> => {
    writeFileSync(join(dir, 'bin/npm'), `#!/bin/sh\n${npm}\n`);
    chmodSync(join(dir, 'bin/npm'), 0o755);
    const env = {
      ...process.env,
      PATH: [join(dir, 'bin'), process.env['PATH']].join(delimiter),
      TMPDIR: join(dir, 'tmp'),
    };
    const { code, stdout } = await run(join(dir, '.ci/run'), [], { cwd: '/', limitMs: 30_000, env });
    return { code, last: stdout.trimEnd().split('\n').at(-1), stdout };
  };

  it('ends with the totals and exit code 0 when all is well', async () => {
    const { code, last } = await ci(
      `echo 'x 1 passed, 1 failed'; echo '12 passed, 0 failed, 2 skipped'; echo 'npm notice' >&2`,
    );
    assert.deepEqual([code, last], [0, '12 passed, 0 failed, 2 skipped']);
  });

  it('fails with the totals when tests failed, whatever npm prints after them', async () => {
    const { code, last } = await ci(`echo '12 passed, 3 failed'; echo 'npm error code 1' >&2; exit 1`);
    assert.deepEqual([code, last], [1, '12 passed, 3 failed']);
  });

  it('counts a run that broke before its end as one failure', async () => {
    const { code, last, stdout } = await ci(`echo 'npm ci failed' >&2; exit 1`);
    assert.deepEqual([code, last], [1, '0 passed, 1 failed']);
    assert.match(stdout, /npm ci failed/);
  });

  it('believes neither totals without a good exit code nor an exit code without totals', async () => {
    assert.deepEqual(await ci(`echo '5 passed, 0 failed'; exit 9`).then(({ code, last }) => [code, last]), [
      9,
      '5 passed, 1 failed',
    ]);
    assert.deepEqual(await ci('exit 0').then(({ code, last }) => [code, last]), [1, '0 passed, 1 failed']);
    assert.deepEqual(await ci(`echo '5 passed, 2 failed'`).then(({ code, last }) => [code, last]), [
      1,
      '5 passed, 2 failed',
    ]);
  });

  it('runs under CI=true with standard input closed and leaves no file behind', async () => {
    const { stdout } = await ci(
      `echo "CI is $CI"; if read line; then echo open; else echo closed; fi; echo '1 passed, 0 failed'`,
    );
    assert.match(stdout, /CI is true\nclosed/);
    assert.deepEqual(readdirSync(join(dir, 'tmp')), []);
  });
});
