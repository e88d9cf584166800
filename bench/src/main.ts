import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Contender } from './contenders/contender.js';
import { availableContenders } from './contenders/index.js';
import { planOf } from './plan.js';
import { readReport, render } from './render.js';
import { reportOf } from './report/report.js';
import { bound, short, tables } from './report/tables.js';
import { judge } from './report/targets.js';
import { type Plan, run } from './run.js';

const HELP = `npm run bench -- [--quick] [--json] [--only REGEXP] [--rounds N] [--save FILE] | --render FILE

Breakwater beside its peers, interleaved in one run; medians, and ratios to plain grpc-js of the same round.
  --quick        a coarse answer in under a minute; judges nothing
  --json         the last line is one JSON object: { targets, versions, rows }
  --only REGEXP  what matches "LOAD | CONTENDER", for example 'c=64', 'TLS.*(nice|fastify)', '^idle'
  --rounds N     slices per contender and load, in the place of each load's own number
  --save FILE    writes that JSON object to a file
  --render FILE  measures nothing: writes the figures of a saved run into RESULTS.md and draws the charts`;

function roundsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const rounds = Number(text);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds is ${text}, but must be a whole number above 0`);
  return rounds;
}

function participants({ loads, idle }: Plan): readonly Contender[] {
  return [...new Set([...loads.flatMap(({ contenders }) => contenders), ...idle.contenders])];
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean' },
      json: { type: 'boolean' },
      only: { type: 'string' },
      rounds: { type: 'string' },
      save: { type: 'string' },
      render: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) {
    console.log(HELP);
    return 0;
  }
  if (values.render !== undefined) {
    for (const path of render(readReport(values.render))) console.log(`wrote ${path}`);
    return 0;
  }
  const quick = values.quick === true;
  const only = values.only === undefined ? undefined : new RegExp(values.only);
  const plan = planOf({ contenders: await availableContenders(), quick, only, rounds: roundsOf(values.rounds) });
  if (plan.loads.length + plan.idle.contenders.length === 0) throw new Error(`--only ${values.only} matches nothing`);
  const startedAt = performance.now();
  const elapsed = (): string => `${Math.round((performance.now() - startedAt) / 1000)} s`.padStart(6);
  const measurements = await run(plan, (line) => console.log(`${elapsed()}  ${line}`));
  const judged = quick ? [] : judge(measurements, only !== undefined);
  const report = reportOf(measurements, judged, participants(plan));
  console.log(`\n${tables(report)}\n`);
  for (const { target, interval } of judged) {
    const value =
      interval === undefined
        ? 'not measured'
        : `${short(interval.median)} [${short(interval.low)}, ${short(interval.high)}]`;
    console.log(`${target.ok ? 'kept  ' : 'MISSED'}  ${target.name}: ${value}, ${bound(target)}`);
  }
  if (values.save !== undefined) writeFileSync(values.save, `${JSON.stringify(report)}\n`);
  if (values.json === true) console.log(JSON.stringify(report));
  for (const failure of measurements.failures) console.error(`bench: ${failure}`);
  return measurements.failures.length === 0 ? 0 : 1;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
    const misused = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_');
    if (misused) console.error(`\n${HELP}`);
    process.exitCode = misused ? 2 : 1;
  },
);
