import { parseArgs } from 'node:util';
import { markdownTable } from '../report/markdown.js';
import { short } from '../report/tables.js';
import { nodeMajor, readBaseline, type Regression, regressionsOf, repeated, writeBaseline } from './baseline.js';
import type { CaseResult } from './result.js';
import { runMicro } from './run-micro.js';

const HELP = `npm run bench:micro -- [--check | --write] [--json] [--quick]

Time and allocations per call of every mechanism, policy, stack and codec; time also as a ratio to a reference loop.
  --check  exit code 1 when a case is more than 20 % above bench/micro-baseline.json in three runs in a row
  --write  makes the medians of three runs the baseline
  --json   the last line is one JSON object: { node, results }
  --quick  a coarse answer in a few seconds`;

/** Runs that have to agree before something counts as a regression, and that make a baseline. */
const RUNS = 3;
const FULL_MS = 40;
const QUICK_MS = 10;

function tableOf(results: readonly CaseResult[]): string {
  return markdownTable(
    ['case', 'ns/call', 'ratio to the reference loop', 'bytes/call'],
    results.map(({ name, ns, ratio, bytes }) => [name, short(ns), short(ratio), String(Math.round(bytes))]),
  );
}

const describe = ({ name, what, before, now }: Regression): string =>
  `${name}: ${what} ${short(before)} -> ${short(now)} (+${Math.round((now / before - 1) * 100)} %)`;

/** Measures again while there is something to doubt. @returns the regressions that every run has */
async function check(first: readonly CaseResult[], ms: number): Promise<readonly Regression[]> {
  const baseline = readBaseline();
  if (baseline.node !== nodeMajor()) {
    console.log(`the baseline is of Node ${baseline.node}, this is ${nodeMajor()}: nothing to compare with`);
    return [];
  }
  const runs = [regressionsOf(first, baseline)];
  while (runs.length < RUNS && repeated(runs).length > 0) {
    for (const one of repeated(runs)) console.log(`run ${runs.length} of ${RUNS}: ${describe(one)}; once more`);
    runs.push(regressionsOf(await runMicro(ms), baseline));
  }
  return repeated(runs);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      check: { type: 'boolean' },
      write: { type: 'boolean' },
      json: { type: 'boolean' },
      quick: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) {
    console.log(HELP);
    return 0;
  }
  if (values.check === true && values.write === true) throw new Error('--check and --write exclude each other');
  const ms = values.quick === true ? QUICK_MS : FULL_MS;
  const results = await runMicro(ms);
  console.log(`${tableOf(results)}\n\nnode ${process.version}`);
  if (values.write === true) {
    const runs = [results];
    while (runs.length < RUNS) runs.push(await runMicro(ms));
    console.log(`wrote ${writeBaseline(runs)}, the medians of ${RUNS} runs`);
  }
  const regressions = values.check === true ? await check(results, ms) : [];
  for (const one of regressions) console.error(`bench:micro: in ${RUNS} runs of ${RUNS}: ${describe(one)}`);
  if (values.json === true) console.log(JSON.stringify({ node: process.version, results }));
  return regressions.length === 0 ? 0 : 1;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(`bench:micro: ${error instanceof Error ? error.message : String(error)}`);
    const misused = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_');
    if (misused) console.error(`\n${HELP}`);
    process.exitCode = misused ? 2 : 1;
  },
);
