import type { Random } from '@breakwater/core';
import { healthiest } from '../eligible.js';
import type { Candidate, Picker, PickerFactory } from '../picker.js';

/**
 * Power of two choices: draws two candidates by weight and takes the one with fewer calls in flight per weight.
 * Needs no shared state, follows load at once, and does not herd as picking the global minimum does.
 * @see Mitzenmacher, The Power of Two Choices in Randomized Load Balancing
 */
export const leastInFlight: PickerFactory = (candidates, random) =>
  new LeastInFlightPicker(
    healthiest(candidates, (one) => one.endpoint),
    random,
  );

class LeastInFlightPicker<C extends Candidate> implements Picker<C> {
  /** Running sum of weights; undefined while all are equal. */
  private readonly cumulative: readonly number[] | undefined;

  constructor(
    private readonly candidates: readonly C[],
    private readonly random: Random,
  ) {
    const weight = candidates[0]?.endpoint.weight;
    if (candidates.some(({ endpoint }) => endpoint.weight !== weight)) {
      let sum = 0;
      this.cumulative = candidates.map(({ endpoint }) => (sum += endpoint.weight));
    }
  }

  pick(tried: readonly string[]): C | undefined {
    const { candidates } = this;
    if (candidates.length < 2) return candidates[0];
    if (tried.length > 0) {
      const fresh = candidates.filter(({ endpoint }) => !tried.includes(endpoint.id));
      // Only retries come here: the new snapshot costs less than keeping one per set of endpoints tried.
      if (fresh.length > 0 && fresh.length < candidates.length)
        return new LeastInFlightPicker(fresh, this.random).pick([]);
    }
    const first = this.draw(-1);
    const second = this.draw(first);
    const a = candidates[first] as C;
    const b = candidates[second] as C;
    return load(b) < load(a) ? b : a;
  }

  /** An index by weight, other than `except` (-1: none). */
  private draw(except: number): number {
    const { candidates, cumulative } = this;
    if (cumulative === undefined) {
      if (except < 0) return Math.min(candidates.length - 1, Math.floor(this.random.next() * candidates.length));
      const index = Math.min(candidates.length - 2, Math.floor(this.random.next() * (candidates.length - 1)));
      return index >= except ? index + 1 : index;
    }
    const from = except < 0 ? 0 : (cumulative[except - 1] ?? 0);
    const gap = except < 0 ? 0 : (cumulative[except] ?? 0) - from;
    const total = cumulative[cumulative.length - 1] ?? 0;
    let point = this.random.next() * (total - gap);
    if (except >= 0 && point >= from) point += gap;
    const index = firstAbove(cumulative, point);
    if (index !== except) return index;
    return except > 0 ? except - 1 : 1;
  }
}

const load = ({ inFlight, endpoint }: Candidate): number => inFlight / endpoint.weight;

/** Index of the first running sum above `point`, by bisection. */
function firstAbove(cumulative: readonly number[], point: number): number {
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cumulative[middle] ?? 0) > point) high = middle;
    else low = middle + 1;
  }
  return low;
}
