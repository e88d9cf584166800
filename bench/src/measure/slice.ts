import { Histogram } from './histogram.js';
import type { Step } from './steps.js';

/** What the client side of one slice of load came to. */
export interface SliceResult {
  /** Units done: calls, messages or exchanges. */
  readonly units: number;
  readonly wallUs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
}

const histogram = new Histogram();

/**
 * Lets every worker repeat its step until the time is over, and waits for the last ones.
 * The clock is read once per step: the end of one is the beginning of the next.
 * @throws the first failure; figures of calls that fail mean nothing
 */
export async function runSlice(steps: readonly Step[], sliceMs: number): Promise<SliceResult> {
  histogram.clear();
  let units = 0;
  const begun = performance.now();
  const until = begun + sliceMs;
  const work = async (step: Step): Promise<void> => {
    let at = performance.now();
    while (at < until) {
      // Not `units += await`: that would read the sum before the others have added theirs.
      const done = await step();
      units += done;
      const now = performance.now();
      histogram.record((now - at) * 1000);
      at = now;
    }
  };
  await Promise.all(steps.map(work));
  return {
    units,
    wallUs: (performance.now() - begun) * 1000,
    p50Us: histogram.percentile(0.5),
    p99Us: histogram.percentile(0.99),
    p999Us: histogram.percentile(0.999),
  };
}
