import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { endGroup, exitCode, start } from '../child-process.js';
import { visibleLines } from './tutorial.js';

const CLOSE_GRACE_MS = 5000;

/** A shell with one script, as the leader of its own process group; its two outputs as one text, as a reader sees them. */
export class Terminal {
  output = '';
  private taken = 0;
  private readonly child: ChildProcess;
  private readonly end: Promise<number>;

  constructor(script: string, options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv }) {
    this.child = start('bash', ['-c', script], options);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        this.child.emit('printed');
      });
    }
    this.end = new Promise((resolve, reject) => {
      this.child.once('error', reject).once('close', (code, signal) => {
        this.child.emit('printed');
        resolve(exitCode(code, signal));
      });
    });
  }

  /** The exit code. A script that does not end in time is killed. */
  async ended(limitMs: number): Promise<number> {
    const timer = setTimeout(() => endGroup(this.child, 'SIGKILL'), limitMs);
    try {
      return await this.end;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The next visible lines, as soon as there are so many; fewer when the script ends or the time is over. */
  async lines(count: number, limitMs: number): Promise<readonly string[]> {
    const limit = AbortSignal.timeout(limitMs);
    for (;;) {
      const complete = this.output.slice(0, this.output.lastIndexOf('\n') + 1);
      const lines = visibleLines(complete).slice(this.taken, this.taken + count);
      const over = limit.aborted || this.child.exitCode !== null || this.child.signalCode !== null;
      if (lines.length === count || over) {
        this.taken += lines.length;
        return lines;
      }
      await once(this.child, 'printed', { signal: limit }).catch(() => undefined);
    }
  }

  /** What Ctrl-C does: SIGINT to the whole group. */
  interrupt(): void {
    endGroup(this.child, 'SIGINT');
  }

  /** Ends it with all it started. */
  async close(): Promise<void> {
    endGroup(this.child, 'SIGTERM');
    await this.ended(CLOSE_GRACE_MS);
    endGroup(this.child, 'SIGKILL');
  }
}
