import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { ROOT } from './repo.js';

/** How one child process ended. */
export interface Finished {
  /** Exit code; 128 + n when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly tookMs: number;
}

export interface RunOptions {
  /** The child and everything it started are killed after this time. */
  readonly limitMs: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

const living = new Set<ChildProcess>();
const OUTPUT_LIMIT_CHARS = 4_000_000;

/**
 * Starts a process as the leader of a group of its own and remembers it, so that `endAll` can end it and its children.
 * @param stdio standard input is always closed: no test or tool may wait for a keyboard
 */
export function start(
  file: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; extraPipe?: boolean },
): ChildProcess {
  const child = spawn(file, args, {
    cwd: options.cwd ?? ROOT,
    env: options.env ?? process.env,
    detached: process.platform !== 'win32',
    stdio: options.extraPipe === true ? ['ignore', 'pipe', 'pipe', 'pipe'] : ['ignore', 'pipe', 'pipe'],
  });
  living.add(child);
  child.once('close', () => living.delete(child));
  child.once('error', () => living.delete(child));
  return child;
}

/** Signals a child's whole group, by the id of the group that `start` made. Does nothing when all of it is gone. */
export function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // ESRCH: the group has ended.
  }
}

/** Command lines of the processes still alive in a child's group, after the child itself has ended. Linux only: elsewhere nothing is known. */
export function groupMembers(child: ChildProcess): readonly string[] {
  if (process.platform !== 'linux' || child.pid === undefined) return [];
  const members: string[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // The program's name stands in parentheses and may hold anything; after it: state, parent, group.
      const [state, , group] = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      if (Number(group) === child.pid && state !== 'Z')
        members.push(
          `${name}: ${readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim().slice(0, 200)}`,
        );
    } catch {
      // It ended meanwhile.
    }
  }
  return members;
}

/** Ends every process started here, with its children. */
export function endAll(signal: NodeJS.Signals): void {
  for (const child of living) endGroup(child, signal);
}

/** Ends all children when this process is told to end; a second signal does not wait for them. */
export function endChildrenOnSignal(): void {
  let signalled = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      endAll(signalled ? 'SIGKILL' : 'SIGTERM');
      const code = signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 129;
      if (signalled || living.size === 0) process.exit(code);
      signalled = true;
      setTimeout(() => {
        endAll('SIGKILL');
        process.exit(code);
      }, 3000);
    });
  }
}

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};

/** The exit code a shell would report. */
export const exitCode = (code: number | null, signal: NodeJS.Signals | null): number =>
  code ?? 128 + (SIGNAL_NUMBERS[signal ?? ''] ?? 0);

/** Runs a program to its end and collects what it prints. @throws Error when it cannot be started */
export function run(file: string, args: readonly string[], options: RunOptions): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const child = start(file, args, options);
    let stdout = '';
    let stderr = '';
    let timedOut = false;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (stdout.length < OUTPUT_LIMIT_CHARS) stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (stderr.length < OUTPUT_LIMIT_CHARS) stderr += text;
    });
    const limit = setTimeout(() => {
      timedOut = true;
      endGroup(child, 'SIGKILL');
    }, options.limitMs);
    child.once('error', (error) => {
      clearTimeout(limit);
      reject(new Error(`${file} cannot be started: ${error.message}`, { cause: error }));
    });
    child.once('close', (code, signal) => {
      clearTimeout(limit);
      resolve({ code: exitCode(code, signal), stdout, stderr, timedOut, tookMs: performance.now() - startedAt });
    });
  });
}
