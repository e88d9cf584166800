import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CaseResult, FromMicro } from './result.js';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));
const LIMIT_MS = 10 * 60_000;

/** A young generation in which nothing is collected while allocations are counted, in MiB. */
const YOUNG_MIB = 64;

/** Measures all cases in a fresh process. */
export function runMicro(msPerRepetition: number): Promise<readonly CaseResult[]> {
  return new Promise((resolve, reject) => {
    const child = fork(CHILD, [String(msPerRepetition)], {
      execArgv: [`--min-semi-space-size=${YOUNG_MIB}`, `--max-semi-space-size=${YOUNG_MIB}`],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    child.once('message', (message: FromMicro) => {
      if (message.told === 'results') resolve(message.results);
      else reject(new Error(message.message));
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`the measuring process ended with code ${code}`));
    });
  });
}
