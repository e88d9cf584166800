import type { Contender } from './contenders/contender.js';
import { canCarry, type Effort, type Load } from './loads/load.js';
import { measureIdle } from './measure-idle.js';
import { Measurements } from './measurements.js';
import { Pair } from './pair.js';

/** Which contenders carry which loads, and how long. */
export interface Plan {
  readonly loads: readonly {
    readonly load: Load;
    readonly effort: Effort;
    readonly contenders: readonly Contender[];
  }[];
  /** Contenders whose silent connections are weighed, and how often. */
  readonly idle: { readonly contenders: readonly Contender[]; readonly runs: number };
}

export type Progress = (line: string) => void;

/**
 * All contenders of a load in one go, a slice each in turn, the order turned round every round: what disturbs the machine
 * disturbs all of them alike, and ratios are taken between neighbours in time. Every load gets processes of its own, so
 * that none inherits the heap and the compiled code of another.
 */
export async function run(plan: Plan, progress: Progress): Promise<Measurements> {
  const measurements = new Measurements();
  for (const { load, effort, contenders } of plan.loads) {
    const able = contenders.filter((one) => canCarry(one, load));
    progress(`${load.name}: ${effort.rounds} rounds of ${effort.sliceMs} ms for each of ${able.length} contenders`);
    await carry(load, effort, able, measurements);
  }
  for (const contender of plan.idle.contenders) {
    progress(`idle connections and streams: ${plan.idle.runs} x ${contender.name}`);
    measurements.idle.set(contender.name, await measureIdle(contender, plan.idle.runs));
  }
  return measurements;
}

async function carry(
  load: Load,
  effort: Effort,
  contenders: readonly Contender[],
  measurements: Measurements,
): Promise<void> {
  const pairs: Pair[] = [];
  try {
    for (const contender of contenders) pairs.push(await Pair.start(contender, load));
    for (let round = -effort.warmUpRounds; round < effort.rounds; round += 1) {
      for (const pair of round % 2 === 0 ? pairs : pairs.toReversed()) {
        const slice = await pair.slice(effort.sliceMs);
        if (round >= 0) measurements.add(load.name, pair.contender.name, slice);
      }
    }
  } finally {
    await Promise.all(pairs.map((pair) => pair.stop()));
  }
}
