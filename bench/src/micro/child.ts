import { REFERENCE_CASE } from './case.js';
import { allCases } from './cases/index.js';
import { measureBytes } from './measure-bytes.js';
import { measureTime } from './measure-time.js';
import type { CaseResult, FromMicro } from './result.js';

/** A process that measures all cases once: `child.js MS_PER_REPETITION`. */
const ms = Number(process.argv[2] ?? '50');

const WARM_UP_CALLS = 2000;

const tell = (message: FromMicro): void => void process.send?.(message);

async function main(): Promise<void> {
  const results: CaseResult[] = [];
  const cases = await allCases();
  // They share code. All of them have run before the first is measured, or it would find that code made for it alone.
  for (let pass = 0; pass < 3; pass += 1)
    for (const { batch } of [REFERENCE_CASE, ...cases]) await batch(WARM_UP_CALLS);
  for (const one of cases) {
    const timing = await measureTime(one, ms);
    results.push({ name: one.name, ...timing, bytes: await measureBytes(one) });
  }
  tell({ told: 'results', results });
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    tell({ told: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    process.exitCode = 1;
  },
);
