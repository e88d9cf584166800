import { parseArgs } from 'node:util';
import { jsonLine, table, targetsOf, versions } from './report.js';
import { type Plan, run } from './run.js';

const HELP = `npm run bench -- [--quick] [--json] [--rounds N]

Unary calls of plain grpc-js, Breakwater on grpc-js and nice-grpc, interleaved in one run; medians and ratios.
  --quick     a coarse answer in under a minute; judges nothing
  --json      the last line is one JSON object: { targets, versions, rows }
  --rounds N  paired slices per contender (default 40)`;

const FULL: Plan = {
  rounds: 40,
  warmUpRounds: 4,
  loads: [
    { calls: 4000, concurrency: 64 },
    { calls: 1000, concurrency: 1 },
  ],
};
const QUICK: Plan = { rounds: 6, warmUpRounds: 2, loads: [{ calls: 3000, concurrency: 64 }] };

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean' },
      json: { type: 'boolean' },
      rounds: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) {
    console.log(HELP);
    return 0;
  }
  const quick = values.quick === true;
  const plan = quick ? QUICK : FULL;
  const rounds = values.rounds === undefined ? plan.rounds : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds is ${values.rounds}, but must be a whole number above 0`);
  const rows = await run({ ...plan, rounds }, (line) => console.log(line));
  console.log(`\n${table(rows)}\n`);
  console.log(
    Object.entries(versions())
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
  );
  const targets = quick ? [] : targetsOf(rows);
  for (const { name, value, target, ok } of targets)
    console.log(`${ok ? 'kept  ' : 'MISSED'}  ${name}: ${value}, target <= ${target}`);
  if (values.json === true) console.log(jsonLine(rows, !quick));
  return 0;
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
