import { healthiest } from '../eligible.js';
import type { Candidate, Picker, PickerFactory } from '../picker.js';

/** Weights are scaled so that the largest is this; a share below one 65,535th counts as one. */
const MAX_SHARE = 65_535;

/**
 * Every candidate in turn, as often as its weight asks. Weights are served by a static stride schedule: in each round
 * the heaviest is picked once and the others in their proportion, spread evenly.
 * @see gRFC A58, static stride scheduler
 */
export const roundRobin: PickerFactory = (candidates, random, previous) =>
  new RoundRobinPicker(
    healthiest(candidates, (one) => one.endpoint),
    previous instanceof RoundRobinPicker ? previous.position : Math.floor(random.next() * candidates.length),
  );

class RoundRobinPicker<C extends Candidate> implements Picker<C> {
  /** Undefined while all weights are equal: then every step is a pick. */
  private readonly shares: readonly number[] | undefined;

  constructor(
    private readonly candidates: readonly C[],
    public position: number,
  ) {
    const heaviest = candidates.reduce((most, { endpoint }) => Math.max(most, endpoint.weight), 0);
    if (candidates.some(({ endpoint }) => endpoint.weight !== heaviest)) {
      this.shares = candidates.map(({ endpoint }) => Math.max(1, Math.round((endpoint.weight / heaviest) * MAX_SHARE)));
    }
  }

  pick(tried: readonly string[]): C | undefined {
    const { candidates } = this;
    if (candidates.length < 2) return candidates[0];
    const first = this.next();
    if (tried.length === 0 || !tried.includes(first.endpoint.id)) return first;
    // The next ones in turn; the lighter a candidate, the longer the schedule passes it by, hence the bound.
    for (let step = 1; step < 4 * candidates.length; step++) {
      const other = this.next();
      if (!tried.includes(other.endpoint.id)) return other;
    }
    return candidates.find(({ endpoint }) => !tried.includes(endpoint.id)) ?? first;
  }

  private next(): C {
    const { candidates, shares } = this;
    for (;;) {
      const index = this.position % candidates.length;
      const round = Math.floor(this.position / candidates.length);
      this.position += 1;
      const share = shares?.[index] ?? MAX_SHARE;
      // The offset staggers candidates of equal weight over the rounds.
      const phase = (share * round + index * (MAX_SHARE >> 1)) % MAX_SHARE;
      if (phase >= MAX_SHARE - share) return candidates[index] as C;
    }
  }
}
