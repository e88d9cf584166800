import { Bench } from 'tinybench';
import { type Case, REFERENCE_CASE } from './case.js';

/** A batch takes about this long: far above the resolution of the clock, far below a time slice of the system. */
const BATCH_MS = 0.2;
const REPETITIONS = 8;

export interface Timing {
  readonly ns: number;
  readonly ratio: number;
}

/** How many calls fill a batch. Also warms the code up. */
async function batchSize({ batch }: Case): Promise<number> {
  let count = 16;
  for (let took = 0; ; count *= 2) {
    const before = performance.now();
    await batch(count);
    took = performance.now() - before;
    if (took >= BATCH_MS * 4) return Math.max(1, Math.round((count * BATCH_MS) / took));
  }
}

/**
 * Times a case next to the reference loop, several times in turn, and takes the least disturbed of each: what else runs on
 * the machine only ever adds. @param ms of each of them, per repetition
 */
export async function measureTime(one: Case, ms: number): Promise<Timing> {
  const ownCount = await batchSize(one);
  const referenceCount = await batchSize(REFERENCE_CASE);
  let own = Number.POSITIVE_INFINITY;
  let reference = Number.POSITIVE_INFINITY;
  for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
    const bench = new Bench({ time: ms, warmupTime: ms / 4, iterations: 10, warmupIterations: 5, throws: true });
    bench.add(REFERENCE_CASE.name, () => REFERENCE_CASE.batch(referenceCount));
    bench.add(one.name, () => one.batch(ownCount));
    await bench.run();
    reference = Math.min(reference, medianMs(bench, REFERENCE_CASE.name) / referenceCount);
    own = Math.min(own, medianMs(bench, one.name) / ownCount);
  }
  return { ns: own * 1e6, ratio: own / reference };
}

function medianMs(bench: Bench, name: string): number {
  const result = bench.getTask(name)?.result;
  if (result?.state !== 'completed') throw new Error(`${name} was not measured: ${result?.state}`);
  return result.latency.p50;
}
