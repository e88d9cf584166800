import { exposedGc } from '../measure/footprint.js';
import { median } from '../stats.js';
import { type Case, REFERENCE_CASE } from './case.js';

/** Enough to make what the measuring itself allocates invisible, too little to fill the young generation. */
const COUNT = 2000;
const REPETITIONS = 7;

const allocated = (): number => {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

/**
 * Bytes that a case allocates per call: the growth of the heap over many calls without a collection in between. The process
 * needs a young generation that takes them all (see `run-micro.ts`).
 */
export async function measureBytes({ batch }: Case): Promise<number> {
  const gc = exposedGc();
  const empty = async (): Promise<void> => {};
  const growth = async (work: (count: number) => void | Promise<void>): Promise<number> => {
    const grown: number[] = [];
    for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
      gc();
      const before = allocated();
      await work(COUNT);
      grown.push(allocated() - before);
    }
    return median(grown);
  };
  await REFERENCE_CASE.batch(COUNT);
  const baseline = await growth(empty);
  return Math.max(0, Math.round((await growth(batch)) - baseline) / COUNT);
}
