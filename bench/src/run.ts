import { type Estimate, estimate, median } from './stats.js';
import { CONTENDERS } from './contenders/index.js';
import type { Contender } from './contenders/contender.js';
import { Pair } from './pair.js';
import type { SliceRequest, SliceResult } from './protocol.js';

type Slice = SliceResult & { readonly serverCpuUs: number };

/** One contender at one concurrency: medians over the slices, and ratios to the reference of the same round. */
export interface Row {
  readonly name: string;
  readonly concurrency: number;
  readonly slices: number;
  readonly clientCpuUs: number;
  readonly serverCpuUs: number;
  readonly callsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** CPU per call of both sides, relative to grpc-js in the same round. */
  readonly cpuRatio: Estimate;
  readonly rateRatio: Estimate;
}

export interface Plan {
  readonly rounds: number;
  readonly warmUpRounds: number;
  readonly loads: readonly SliceRequest[];
}

/**
 * All contenders in one run, a slice each in turn, the order turned round every round: what disturbs the machine
 * disturbs all of them alike, and ratios are taken between neighbours in time.
 */
export async function run(plan: Plan, progress: (line: string) => void): Promise<readonly Row[]> {
  const pairs: Pair[] = [];
  try {
    for (const contender of CONTENDERS) pairs.push(await Pair.start(contender));
    const rows: Row[] = [];
    for (const load of plan.loads) {
      progress(
        `concurrency ${load.concurrency}: ${plan.rounds} rounds of ${load.calls} calls for each of ${pairs.length} contenders`,
      );
      const slices = await interleave(pairs, load, plan);
      const reference = slices.get(CONTENDERS[0] as Contender) ?? [];
      for (const [contender, own] of slices) rows.push(summarize(contender.name, load, own, reference));
    }
    return rows;
  } finally {
    await Promise.all(pairs.map((pair) => pair.stop()));
  }
}

async function interleave(
  pairs: readonly Pair[],
  load: SliceRequest,
  plan: Plan,
): Promise<ReadonlyMap<Contender, readonly Slice[]>> {
  const slices = new Map<Contender, Slice[]>(pairs.map(({ contender }) => [contender, []]));
  for (let round = -plan.warmUpRounds; round < plan.rounds; round++) {
    const order = round % 2 === 0 ? pairs : pairs.toReversed();
    for (const pair of order) {
      const slice = await pair.slice(load);
      if (slice.failed > 0)
        throw new Error(
          `${pair.contender.name}: ${slice.failed} of ${load.calls} calls failed; the figures would mean nothing`,
        );
      if (round >= 0) slices.get(pair.contender)?.push(slice);
    }
  }
  return slices;
}

function summarize(name: string, load: SliceRequest, own: readonly Slice[], reference: readonly Slice[]): Row {
  const perCall = (pick: (slice: Slice) => number): number => median(own.map((slice) => pick(slice) / load.calls));
  const ratios = (pick: (slice: Slice) => number): Estimate =>
    estimate(own.map((slice, index) => pick(slice) / pick(reference[index] ?? slice)));
  return {
    name,
    concurrency: load.concurrency,
    slices: own.length,
    clientCpuUs: perCall((slice) => slice.cpuUs),
    serverCpuUs: perCall((slice) => slice.serverCpuUs),
    callsPerSecond: median(own.map((slice) => (load.calls / slice.wallUs) * 1e6)),
    p50Us: median(own.map((slice) => slice.p50Us)),
    p99Us: median(own.map((slice) => slice.p99Us)),
    cpuRatio: ratios((slice) => slice.cpuUs + slice.serverCpuUs),
    rateRatio: ratios((slice) => 1 / slice.wallUs),
  };
}
