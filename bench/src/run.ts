import type { Contender } from './contenders/contender.js';
import { SETTLING_ROUNDS } from './loads/index.js';
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

/** Loading code keeps one core busy; the machine has two at least. */
const STARTS_AT_A_TIME = 2;

export type Progress = (line: string) => void;

/**
 * All contenders of a load in one go, a slice each in turn, the order turned round every round: what disturbs the machine
 * disturbs all of them alike, and ratios are taken between neighbours in time. Every load gets processes of its own, so
 * that none inherits the heap and the compiled code of another.
 */
export async function run(plan: Plan, progress: Progress): Promise<Measurements> {
  const measurements = new Measurements();
  const failed = (error: unknown): void => {
    const message = error instanceof Error ? error.message : String(error);
    measurements.failures.push(message);
    progress(`FAILED  ${message}`);
  };
  for (const { load, effort, contenders } of plan.loads) {
    const able = contenders.filter((one) => canCarry(one, load));
    progress(`${load.name}: ${effort.rounds} rounds of ${effort.sliceMs} ms for each of ${able.length} contenders`);
    await carry(load, effort, able, measurements, failed);
  }
  for (const contender of plan.idle.contenders) {
    progress(`silent connections and streams: ${plan.idle.runs} x ${contender.name}`);
    try {
      measurements.idle.set(contender.name, await measureIdle(contender, plan.idle.runs));
    } catch (error) {
      failed(error);
    }
  }
  return measurements;
}

/** A contender that fails is left out of the load, and the others go on: one of them must not cost a whole run. */
async function carry(
  load: Load,
  effort: Effort,
  contenders: readonly Contender[],
  measurements: Measurements,
  failed: (error: unknown) => void,
): Promise<void> {
  const pairs: Pair[] = [];
  const giveUp = async (pair: Pair, error: unknown): Promise<void> => {
    failed(error);
    measurements.drop(load.name, pair.contender.name);
    pairs.splice(pairs.indexOf(pair), 1);
    await pair.stop();
  };
  try {
    for (let index = 0; index < contenders.length; index += STARTS_AT_A_TIME) {
      const some = contenders.slice(index, index + STARTS_AT_A_TIME);
      const started = await Promise.allSettled(some.map((one) => Pair.start(one, load)));
      for (const one of started) {
        if (one.status === 'fulfilled') pairs.push(one.value);
        else failed(one.reason);
      }
    }
    for (const pair of [...pairs]) await warmUp(pair, effort).catch((error: unknown) => giveUp(pair, error));
    for (let round = -SETTLING_ROUNDS; round < effort.rounds; round += 1) {
      for (const pair of round % 2 === 0 ? [...pairs] : pairs.toReversed()) {
        try {
          const slice = await pair.slice(effort.sliceMs);
          if (round >= 0) measurements.add(load.name, pair.contender.name, slice);
        } catch (error) {
          await giveUp(pair, error);
        }
      }
    }
  } finally {
    await Promise.all(pairs.map((pair) => pair.stop()));
  }
}

/** While one warms up, the others are silent. */
async function warmUp(pair: Pair, { warmUp: { units, limitMs }, sliceMs }: Effort): Promise<void> {
  const until = performance.now() + limitMs;
  for (let done = 0; done < units && performance.now() < until; ) {
    const slice = await pair.slice(sliceMs);
    done += slice.units;
  }
}
