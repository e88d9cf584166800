import { REFERENCE } from './contenders/index.js';
import type { Contender } from './contenders/contender.js';
import { IDLE_LOAD, LOADS, QUICK_EFFORT } from './loads/index.js';
import { canCarry, type Load } from './loads/load.js';
import type { Plan } from './run.js';

export interface PlanOptions {
  readonly contenders: readonly Contender[];
  readonly quick: boolean;
  /** Selects by "load | contender". Without it: everything, or what `quick` stands for. */
  readonly only?: RegExp | undefined;
  /** In the place of the number of rounds of every load. */
  readonly rounds?: number | undefined;
}

/** What to run. The reference is part of every load: ratios need it. */
export function planOf({ contenders, quick, only, rounds }: PlanOptions): Plan {
  const wanted = (load: Load): readonly Contender[] =>
    contenders.filter((one) => canCarry(one, load) && (only === undefined || only.test(`${load.name} | ${one.name}`)));
  const withReference = (some: readonly Contender[]): readonly Contender[] =>
    some.length === 0 || some.includes(REFERENCE) ? some : [REFERENCE, ...some];
  const loads = LOADS.filter((load) => !quick || only !== undefined || load.quick !== undefined)
    .map((load) => ({ load, chosen: withReference(wanted(load)) }))
    .filter(({ chosen }) => chosen.length > 0)
    .map(({ load, chosen }) => {
      const effort = quick ? (load.quick ?? QUICK_EFFORT) : load.effort;
      return { load, contenders: chosen, effort: rounds === undefined ? effort : { ...effort, rounds } };
    });
  const silent = quick && only === undefined ? [] : withReference(wanted(IDLE_LOAD));
  return { loads, idle: { contenders: silent, runs: quick ? 1 : IDLE_LOAD.effort.rounds } };
}
