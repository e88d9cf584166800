import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestPlan } from './events.js';
import { type PlanResult, type RunPlanOptions, runPlan } from './run-plan.js';

describe('runPlan', () => {
  let dir = '';
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'breakwater-plan-'));
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  let files = 0;
  const file = (source: string): string => {
    files += 1;
    const path = join(dir, `f${files}.test.mjs`);
    writeFileSync(path, source);
    return path;
  };
  const run = (
    sources: readonly string[],
    plan: Partial<TestPlan> = {},
    options: Partial<RunPlanOptions> = {},
  ): Promise<PlanResult> =>
    runPlan(
      { files: sources.map(file), timeoutMs: 2000, ...plan },
      { env: process.env, limitMs: 30_000, graceMs: 1000, exitLimitMs: 4500, ...options },
    );

  it('reports passed, failed and skipped tests of several files with their full titles', async () => {
    const result = await run([
      `describe('a', () => { it('holds', () => {}); it('breaks', () => { throw new Error('boom', { cause: new Error('root') }); }); });`,
      `describe('b', () => { it.skip('later', () => {}); });`,
    ]);
    assert.deepEqual(
      result.passed.map(({ title }) => title),
      ['a › holds'],
    );
    assert.deepEqual(
      result.skipped.map(({ title }) => title),
      ['b › later'],
    );
    assert.equal(result.failed.length, 1);
    assert.equal(result.failed[0]?.title, 'a › breaks');
    assert.match(result.failed[0]?.detail ?? '', /boom[\s\S]*cause[\s\S]*root/);
  });

  it('shows what an assertion expected', async () => {
    const result = await run([
      `import assert from 'node:assert/strict'; it('compares', () => assert.deepEqual({ a: 1 }, { a: 2 }));`,
    ]);
    assert.match(result.failed[0]?.detail ?? '', /\+ {3}a: 1[\s\S]*- {3}a: 2/);
  });

  it('fails a file that does not load and still runs the others', async () => {
    const result = await run([`import './missing.mjs';`, `it('runs', () => {});`]);
    assert.deepEqual(
      result.failed.map(({ title }) => title),
      ['loading the file'],
    );
    assert.match(result.failed[0]?.detail ?? '', /missing\.mjs/);
    assert.equal(result.passed.length, 1);
  });

  it('ends a test that blocks its process and names it', async () => {
    const result = await run([`it('first', () => {}); it('spins', () => { for (;;); });`], { timeoutMs: 200 });
    assert.equal(result.passed.length, 1);
    assert.equal(result.failed[0]?.title, 'spins');
    assert.match(result.failed[0]?.detail ?? '', /^hung: no end after 1\.2 s/);
  });

  it('names the test in which the process exited, and shows its last output', async () => {
    const result = await run([
      `it('quits', () => { console.error('so long'); process.exit(3); }); it('never', () => {});`,
    ]);
    assert.equal(result.failed[0]?.title, 'quits');
    assert.match(result.failed[0]?.detail ?? '', /exit code 3[\s\S]*so long/);
  });

  it('fails a process that does not exit after its tests, and says what keeps it', async () => {
    const result = await run([
      `import net from 'node:net'; it('listens', () => void net.createServer().listen(0, '127.0.0.1'));`,
    ]);
    assert.equal(result.passed.length, 1);
    assert.match(result.failed[0]?.detail ?? '', /did not exit after its last test; still open: .*TCPServerWrap/);
  });

  it('fails and ends processes that a test left running', async function () {
    // Only Linux tells the members of a process group.
    if (process.platform !== 'linux') return this.skip();
    const result = await run([
      `import { spawn } from 'node:child_process'; it('starts', () => spawn('sleep', ['300'], { stdio: 'inherit' }).unref());`,
    ]);
    assert.match(result.failed[0]?.detail ?? '', /processes were left running: \d+: sleep 300/);
    const pid = Number(/(\d+): sleep/.exec(result.failed[0]?.detail ?? '')?.[1]);
    // A killed process without a parent stays a zombie until init collects it: dead all the same.
    const ended = (): boolean => {
      try {
        return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
      } catch {
        return true;
      }
    };
    for (let i = 0; i < 100 && !ended(); i += 1) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(ended());
  });

  it('fails when an error escapes after the last test', async () => {
    const result = await run([`it('leaks', () => { setTimeout(() => { throw new Error('late'); }, 50); });`]);
    assert.equal(result.failed.length, 1);
    assert.match(result.failed[0]?.detail ?? '', /late/);
  });

  it('counts a hook that throws as one failure', async () => {
    const result = await run([
      `describe('s', () => { before(() => { throw new Error('no server'); }); it('x', () => {}); it('y', () => {}); });`,
    ]);
    assert.equal(result.failed.length, 1);
    assert.match(result.failed[0]?.title ?? '', /before all/);
  });

  it('refuses it.only, which would hide all the other tests', async () => {
    const result = await run([`it.only('alone', () => {}); it('hidden', () => {});`]);
    assert.equal(result.failed[0]?.title, 'loading the file');
    assert.match(result.failed[0]?.detail ?? '', /\.only/);
  });

  it('runs only the titles that match the pattern', async () => {
    const result = await run([`describe('s', () => { it('one', () => {}); it('two', () => {}); });`], {
      grep: 's t.o$',
    });
    assert.deepEqual(
      result.passed.map(({ title }) => title),
      ['s › two'],
    );
  });

  it('hands over what each suite or test says about its server', async () => {
    const say = (line: string): string => `function () { console.log('${line}'); this.skip(); }`;
    const result = await run([
      `describe('s', () => { before(${say('absent: consul-current, no Go')}); describe('t', () => it('a', () => {})); });`,
      `describe('u', () => { beforeEach(${say('skipped: consul: run it')}); it('b', () => {}); });`,
      `it('c', ${say('absent: x, y')}); it.skip('d', () => {});`,
    ]);
    assert.deepEqual(result.skipped.map(({ title, notice }) => [title, notice]).sort(), [
      ['c', 'absent: x, y'],
      ['d', undefined],
      ['s › t › a', 'absent: consul-current, no Go'],
      ['u › b', 'skipped: consul: run it'],
    ]);
  });

  it('ends a run that takes too long in all', async () => {
    const result = await run(
      [`it('waits', function (done) { this.timeout(0); setTimeout(done, 60_000); });`],
      {},
      { limitMs: 1500 },
    );
    assert.match(result.failed[0]?.detail ?? '', /longer than 1\.5 s in all/);
    assert.equal(result.failed[0]?.title, 'waits');
  });
});
