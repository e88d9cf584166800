import type { Slice } from './pair.js';

/** What a process holds per connection and per stream that is open and silent, in bytes. One fresh pair each. */
export interface IdleSample {
  readonly clientConnectionBytes: number;
  readonly serverConnectionBytes: number;
  readonly clientStreamBytes: number;
  readonly serverStreamBytes: number;
}

/**
 * All raw figures of a run. Slices of one load have the same index when they are of the same round: ratios are taken
 * between those.
 */
export class Measurements {
  private readonly slices = new Map<string, Map<string, Slice[]>>();
  readonly idle = new Map<string, readonly IdleSample[]>();
  /** What went wrong: those contenders have no figures for that load. */
  readonly failures: string[] = [];

  add(load: string, contender: string, slice: Slice): void {
    const ofLoad = this.slices.get(load) ?? new Map<string, Slice[]>();
    this.slices.set(load, ofLoad);
    ofLoad.set(contender, [...(ofLoad.get(contender) ?? []), slice]);
  }

  /** Figures of a contender that failed in the middle mean nothing. */
  drop(load: string, contender: string): void {
    this.slices.get(load)?.delete(contender);
  }

  /** In the order of the rounds; none when it was not measured. */
  of(load: string, contender: string): readonly Slice[] {
    return this.slices.get(load)?.get(contender) ?? [];
  }

  /** Contenders of a load, in the order in which they were first measured. */
  contenders(load: string): readonly string[] {
    return [...(this.slices.get(load)?.keys() ?? [])];
  }
}
