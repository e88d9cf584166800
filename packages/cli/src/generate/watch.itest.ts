import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Workspace } from './testdata/workspace.js';
import { watchProtos } from './watch.js';

/** Events in the order in which they came, each awaited in turn. */
class Log {
  private readonly lines: string[] = [];
  private wake: () => void = () => undefined;

  push(line: string): void {
    this.lines.push(line);
    this.wake();
  }

  async next(): Promise<string> {
    for (;;) {
      const line = this.lines.shift();
      if (line !== undefined) return line;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}

describe('watching protos', function () {
  this.timeout(30_000);
  let workspace: Workspace;
  let stop: AbortController;

  beforeEach(async () => {
    stop = new AbortController();
    workspace = await Workspace.create();
    await workspace.write('proto/a.proto', 'syntax = "proto3";', 'message A {}');
  });

  afterEach(async () => {
    // Also when a test timed out: a watch that goes on would keep the process alive.
    stop.abort();
    await workspace.remove();
  });

  it('generates at once and after every change, survives a fault, and ends on its signal', async () => {
    const log = new Log();
    const watching = watchProtos(
      { protoDir: workspace.path('proto'), outDir: workspace.path('gen') },
      {
        signal: stop.signal,
        intervalMs: 10,
        onReady: () => log.push('ready'),
        onResult: ({ protos, stale }) => log.push(`${protos.join(' ')} -${stale.join(' ')}`),
        onError: (error) => log.push(error.message.split('\n')[0] ?? ''),
      },
    );
    try {
      assert.equal(await log.next(), 'a.proto -');
      assert.equal(await log.next(), 'ready');
      await workspace.write('proto/sub/b.proto', 'syntax = "proto3";', 'message B {}');
      assert.equal(await log.next(), 'a.proto sub/b.proto -');
      await workspace.write('proto/sub/b.proto', 'syntax = "proto3";', 'message B { Missing m = 1; }');
      assert.equal(await log.next(), 'the protos do not compile');
      await workspace.write('proto/sub/b.proto', 'syntax = "proto3";', 'message B { int32 mended = 1; }');
      assert.equal(await log.next(), 'a.proto sub/b.proto -');
      assert.match(await workspace.read('gen/sub/b.pb.ts'), /mended: number/);
    } finally {
      stop.abort();
      await watching;
    }
  });

  it('as a command, says that it watches and ends cleanly on SIGINT', async () => {
    const main = fileURLToPath(new URL('../main.js', import.meta.url));
    const child = spawn(process.execPath, [main, 'generate', '--watch'], {
      cwd: workspace.dir,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      let printed = '';
      child.stdout.setEncoding('utf8');
      for await (const chunk of child.stdout) {
        printed += String(chunk);
        if (printed.includes('watching proto')) break;
      }
      assert.match(printed, /^generated 2 files from 1 proto into src\/gen/);
      const exit = once(child, 'exit');
      child.kill('SIGINT');
      assert.deepEqual(await exit, [0, null]);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
