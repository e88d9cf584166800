import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Service } from '@breakwater/service';
import { LAB, labService } from './testdata/lab-service.js';

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Acts {
  readonly onStart?: (child: ReturnType<typeof spawn>) => void;
  /** Called with all that was printed so far. */
  readonly onOutput?: (child: ReturnType<typeof spawn>, stdout: string) => void;
}

/** Runs the command in a process of its own, whose standard input stays open. */
async function breakwater(args: readonly string[], acts: Acts = {}): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    acts.onOutput?.(child, stdout);
  });
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  acts.onStart?.(child);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

describe('commands in a process of their own', function () {
  this.timeout(30_000);
  let service: Service;
  let target: string;
  before(async () => {
    service = await labService();
    const { host, port } = await service.start();
    target = `${host}:${port}`;
  });
  after(() => service.stop());

  it('a call that succeeds exits 0, one that fails 1, and a command line that makes no sense 2', async () => {
    const good = await breakwater(['call', target, `${LAB}/Sum`, '-d', '[{"value":20},{"value":22}]', '--json']);
    assert.deepEqual(good, { code: 0, stdout: '{"value":"42"}\n', stderr: '' });
    const failed = await breakwater(['call', target, `${LAB}/Fail`, '-d', '{"code":13}']);
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /^INTERNAL \(ASKED_FOR\): as you wish\n/);
    for (const args of [
      ['call'],
      ['call', target, `${LAB}/Sum`, '--timeout', '0'],
      ['call', target, `${LAB}/Sum`, '-d', '{}', '-d', '{}'],
      ['call', target, '--ca'],
      ['agent', '--port', '70000'],
      ['config', 'show', '--servce', 'a'],
    ]) {
      const ended = await breakwater(args);
      assert.equal(ended.code, 2, `${args.join(' ')}: ${ended.stderr}`);
    }
  });

  it('an open standard input does not keep a call alive that has ended', async () => {
    const ended = await breakwater(['call', target, `${LAB}/Chat`, '-d', '-', '--timeout', '300']);
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /^DEADLINE_EXCEEDED/);
  });

  it('what is typed is answered at once, and Ctrl-C ends the call quietly', async () => {
    let told = false;
    const ended = await breakwater(['call', target, `${LAB}/Chat`, '-d', '-'], {
      onStart: (child) => child.stdin?.write('{"text":"a"}\n'),
      onOutput: (child) => {
        if (!told) child.kill('SIGINT');
        told = true;
      },
    });
    assert.deepEqual(ended, { code: 0, stdout: '{"text":"you said a"}\n', stderr: '' });
  });

  it('the agent ends in order on SIGTERM and exits 0', async () => {
    let told = false;
    const ended = await breakwater(['agent', '--port', '0'], {
      onOutput: (child, stdout) => {
        if (!stdout.includes('export CONSUL_HTTP_ADDR=') || told) return;
        told = true;
        child.kill('SIGTERM');
      },
    });
    assert.equal(ended.code, 0);
    assert.match(ended.stdout, /agent closed\n$/);
  });

  it('help names every command', async () => {
    const { stdout, code } = await breakwater(['--help']);
    assert.equal(code, 0);
    for (const command of ['generate', 'call', 'services', 'agent', 'config'])
      assert.match(stdout, new RegExp(`^ {2}${command} `, 'm'));
  });
});
