import type { PolicyReport } from '@breakwater-examples/shop-common';

/** What the policies of all processes did during one phase. */
export interface PhaseTally {
  readonly retries: number;
  /** Calls turned away, by the policy that did. */
  readonly rejections: ReadonlyMap<string, number>;
  readonly fallbacks: number;
  /** Breaker transitions, by the state that was entered. */
  readonly transitions: ReadonlyMap<string, number>;
}

interface Counts {
  retries: number;
  fallbacks: number;
  readonly rejections: Map<string, number>;
  readonly transitions: Map<string, number>;
}

/** How often breakers changed their state, over the whole run. */
export interface BreakerCounts {
  readonly opened: number;
  readonly halfOpened: number;
  readonly closed: number;
}

/** Counts policy events by phase. */
export class PolicyTally {
  private readonly phases = new Map<string, Counts>();

  record(phase: string, event: PolicyReport): void {
    const counts = this.countsOf(phase);
    if (event.type === 'retry') counts.retries += 1;
    else if (event.type === 'fallback') counts.fallbacks += 1;
    else if (event.type === 'rejected') increment(counts.rejections, event.policy);
    else if (event.type === 'breaker_transition' && event.to !== undefined) increment(counts.transitions, event.to);
  }

  of(phase: string): PhaseTally {
    return this.countsOf(phase);
  }

  get breaker(): BreakerCounts {
    const sum = (state: string): number =>
      [...this.phases.values()].reduce((total, { transitions }) => total + (transitions.get(state) ?? 0), 0);
    return { opened: sum('open'), halfOpened: sum('half_open'), closed: sum('closed') };
  }

  private countsOf(phase: string): Counts {
    let counts = this.phases.get(phase);
    if (counts === undefined) {
      counts = { retries: 0, fallbacks: 0, rejections: new Map(), transitions: new Map() };
      this.phases.set(phase, counts);
    }
    return counts;
  }
}

function increment(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}
