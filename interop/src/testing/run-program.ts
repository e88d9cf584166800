import { spawn } from 'node:child_process';

/** How a program ended. */
export interface Ended {
  /** 128 + n when a signal ended it. */
  readonly code: number;
  /** Standard output and error output, as they came. */
  readonly output: string;
}

/** Runs a program to its end. @throws Error with what it printed when it takes longer than `limitMs`, or cannot be started */
export function runProgram(file: string, args: readonly string[], limitMs: number): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let late = false;
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    const limit = setTimeout(() => {
      late = true;
      // SIGTERM: these programs have children of their own to end.
      child.kill('SIGTERM');
    }, limitMs);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(limit);
      if (late) reject(new Error(`${file} did not end within ${limitMs / 1000} s:\n${output}`));
      else resolve({ code: code ?? 128, output });
    });
  });
}
