import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../testing/run-program.js';

/** What is tested against the suite's reference of the other side. */
export type Side = 'client' | 'server';

export interface SuiteRun {
  /** Path of `connectconformance`. */
  readonly binary: string;
  readonly side: Side;
  /** Name of a transport. */
  readonly transport: string;
  readonly limitMs: number;
}

/** The suite's verdict. */
export interface Verdict {
  readonly passed: number;
  /** Cases that failed as their list says. */
  readonly excused: number;
  /** Cases that failed, were expected to and did not, or could not be run: name and reason. */
  readonly failures: readonly string[];
}

const LIST_FLAGS = { failing: '--known-failing', flaky: '--known-flaky' } as const;
const source = (path: string): string => fileURLToPath(new URL(`../../src/connect/${path}`, import.meta.url));
const program = (side: Side): string => fileURLToPath(new URL(`./${side}/main.js`, import.meta.url));

/**
 * The flags that excuse cases: `cases/TRANSPORT.SIDE.failing.txt` lists what must fail, `….flaky.txt` what may; `all` stands
 * for every transport. A list that is not there is empty. Pattern by pattern, because of several `@FILE`s only the first is read.
 */
function excuses({ side, transport }: SuiteRun): readonly string[] {
  return Object.entries(LIST_FLAGS).flatMap(([kind, flag]) =>
    ['all', transport].flatMap((whose) => {
      const path = source(`cases/${whose}.${side}.${kind}.txt`);
      return existsSync(path) ? patterns(readFileSync(path, 'utf8')).flatMap((pattern) => [flag, pattern]) : [];
    }),
  );
}

/** The lines of a list that are neither empty nor comments. */
export const patterns = (list: string): readonly string[] =>
  list
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));

/** Reads what `connectconformance` prints. @throws Error with all of it when it holds no totals */
export function parseVerdict(output: string): Verdict {
  const totals = /^(\d+) passed, (\d+) failed$/m.exec(output);
  if (totals === null) throw new Error(`connectconformance gave no totals:\n${output}`);
  const excused = /^\(Another (\d+) failed as expected/m.exec(output)?.[1] ?? '0';
  const failures = [...output.matchAll(/^FAILED: (.*(?:\n\t.*)*)/gm)].map((match) => match[1] ?? '');
  const notRun = /^Another (\d+) could not be run/m.exec(output);
  if (notRun !== null) failures.push(`${notRun[0]}\n${output.split('\n')[0] ?? ''}`);
  return { passed: Number(totals[1]), excused: Number(excused), failures };
}

/** Runs the Connect conformance suite for the gRPC protocol against our client or server on one transport. */
export async function runSuite(run: SuiteRun): Promise<Verdict> {
  const { binary, side, transport, limitMs } = run;
  const args = ['--mode', side, '--conf', source('cases/config.yaml'), ...excuses(run)];
  const ended = await runProgram(
    binary,
    [...args, '--', process.execPath, program(side), '--transport', transport],
    limitMs,
  );
  const verdict = parseVerdict(ended.output);
  if (ended.code !== 0 && verdict.failures.length === 0)
    throw new Error(`connectconformance ended with exit code ${ended.code}:\n${ended.output}`);
  return verdict;
}
