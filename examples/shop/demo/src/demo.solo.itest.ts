import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually, temporaryFolder } from '@breakwater-examples/shop-common/testing';
import { PHASES } from './phases.js';
import type { JsonReport } from './report.js';

interface Run {
  readonly code: number | null;
  readonly output: string;
}

describe('npm run demo', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();

  /** Starts the demo with an environment in which no Consul is named, and a folder of its own for temporary files. */
  const start = (...args: string[]) => startWith({}, ...args);
  const startWith = (settings: NodeJS.ProcessEnv, ...args: string[]) => {
    const { CONSUL_HTTP_ADDR: _, ...env } = process.env;
    const child = spawn(
      process.execPath,
      ['--enable-source-maps', fileURLToPath(new URL('./main.js', import.meta.url)), ...args],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...env, TMPDIR: folder(), ...settings },
      },
    );
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        output += text;
      });
    }
    const finished: Promise<Run> = once(child, 'close').then(([code]) => ({ code: code as number | null, output }));
    return { child, finished, output: () => output };
  };
  const reportIn = (output: string): JsonReport => {
    const line = output.split('\n').findLast((one) => one.startsWith('{'));
    assert.ok(line !== undefined, output);
    return JSON.parse(line) as JsonReport;
  };

  it('survives the whole timeline: no failed call, a breaker that opens and closes, exactly one charge per order', async () => {
    const { code, output } = await start('--duration', '15', '--json').finished;
    assert.equal(code, 0, output);
    const report = reportIn(output);
    assert.equal(report.ok, true);
    assert.equal(report.registry, 'embedded');
    assert.deepEqual(
      report.phases.map(({ name }) => name),
      PHASES.map(({ name }) => name),
    );
    for (const phase of report.phases) {
      assert.equal(phase.failed, 0, phase.name);
      assert.equal(phase.calls, phase.ok + phase.rejected, phase.name);
      assert.ok(phase.calls > 0 && (phase.p50Ms ?? 0) > 0 && (phase.p99Ms ?? 0) >= (phase.p50Ms ?? 0), phase.name);
      assert.equal(phase.rejected > 0, phase.name === 'burst', phase.name);
    }
    assert.ok(report.breaker.opened > 0 && report.breaker.halfOpened > 0 && report.breaker.closed > 0);
    assert.equal(report.ordersLost, 0);
    assert.equal(report.doubleCharges, 0);
    assert.deepEqual(await readdir(folder()), [], 'nothing is left in the temporary folder');
  });

  it('survives on grpc-js, too', async () => {
    const settings = { BREAKWATER_SERVICE_TRANSPORT: 'grpc-js', BREAKWATER_CLIENT_TRANSPORT: 'grpc-js' };
    const { code, output } = await startWith(settings, '--duration', '10', '--json').finished;
    assert.equal(code, 0, output);
    const report = reportIn(output);
    assert.equal(report.ok, true);
    assert.deepEqual(
      report.phases.map(({ failed }) => failed),
      PHASES.map(() => 0),
    );
    assert.deepEqual([report.ordersLost, report.doubleCharges], [0, 0]);
  });

  it('exits with 1 and says so when the bank charges a repeated request again', async () => {
    const { code, output } = await start('--duration', '10', '--json', '--no-dedupe').finished;
    assert.equal(code, 1, output);
    assert.match(output, /VIOLATED {2}audit: \d+ orders charged more than once: /);
    const report = reportIn(output);
    assert.equal(report.ok, false);
    assert.ok(report.doubleCharges > 0);
    assert.equal(report.ordersLost, 0);
    const [kept] = await readdir(folder());
    assert.match(output, new RegExp(`journals and logs are kept in ${join(folder(), String(kept))}`));
    await rm(folder(), { recursive: true });
  });

  it('says in words that the Consul it is told of cannot be asked', async () => {
    const { code, output } = await startWith({ CONSUL_HTTP_ADDR: '127.0.0.1:1' }, '--duration', '10').finished;
    assert.equal(code, 1, output);
    assert.match(
      output,
      /Consul at 127\.0\.0\.1:1 cannot be asked .*\nSet CONSUL_HTTP_ADDR to a running Consul agent, /,
    );
    assert.doesNotMatch(output, /^ +at /m, 'no stack trace');
    const [kept] = await readdir(folder());
    await rm(join(folder(), String(kept)), { recursive: true });
  });

  it('stays up with --keep until it is interrupted, and its hints name a shop that answers', async () => {
    const { child, finished, output } = start('--duration', '10', '--keep');
    await eventually('hints', () => output().includes('SetFaults') || child.exitCode !== null, 90_000);
    const registry = /export CONSUL_HTTP_ADDR=(\S+)/.exec(output())?.[1];
    assert.ok(registry !== undefined && child.exitCode === null, output());
    const { ok } = await fetch(`http://${registry.replace(/^http:\/\//, '')}/v1/catalog/services`);
    assert.ok(ok);
    child.kill('SIGINT');
    assert.equal((await finished).code, 0, output());
    assert.deepEqual(await readdir(folder()), []);
  });

  it('closes the shop when it is interrupted, and leaves nothing behind', async () => {
    const { child, finished, output } = start('--duration', '15');
    await eventually('load is on', () => output().includes('── kill -9') || child.exitCode !== null, 60_000);
    const data = join(folder(), String((await readdir(folder()))[0]), 'data');
    const locks = (await readdir(data)).filter((name) => name.endsWith('.lock'));
    const pids = await Promise.all(locks.map(async (name) => Number(await readFile(join(data, name), 'utf8'))));
    assert.equal(pids.length, 6, 'bank, three payments and two orders write journals');
    child.kill('SIGINT');
    const { code } = await finished;
    assert.equal(code, 130, output());
    assert.match(output(), /interrupted; closing the shop/);
    for (const pid of pids) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
    assert.deepEqual(await readdir(folder()), []);
  });
});
