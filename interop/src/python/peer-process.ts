import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../src/python/peer.py', import.meta.url));

/** One JSON line of the peer. */
export type Line = Readonly<Record<string, unknown>>;

/** The Python process and what it has said. */
export class PeerProcess {
  readonly lines: Line[] = [];
  private readonly process: ChildProcess;
  private readonly exited: Promise<void>;
  private wake: () => void = () => {};
  private errors = '';

  /** @param args of `peer.py` */
  constructor(python: string, ...args: readonly string[]) {
    this.process = spawn(python, [SCRIPT, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.process.stderr?.on('data', (chunk: Buffer) => {
      this.errors += chunk.toString();
    });
    const { stdout } = this.process;
    assert.ok(stdout);
    createInterface({ input: stdout }).on('line', (line) => {
      this.lines.push(JSON.parse(line) as Line);
      this.wake();
    });
    this.exited = new Promise((resolve) => this.process.once('close', () => resolve()));
  }

  /** The first line for which `wanted` holds, of those after the first `since`. @throws Error when the peer ends before */
  async line(wanted: (line: Line) => boolean, since = 0): Promise<Line> {
    const find = (): Line | undefined => this.lines.slice(since).find(wanted);
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      const more = new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      const ended = await Promise.race([more.then(() => false), this.exited.then(() => true)]);
      if (ended && find() === undefined) throw new Error(`the peer ended: ${this.errors}`);
    }
  }

  async close(): Promise<void> {
    this.process.stdin?.end();
    await this.exited;
  }
}
