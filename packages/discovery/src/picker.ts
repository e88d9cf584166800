import type { Random } from '@breakwater/core';
import type { Endpoint } from './endpoint.js';

/** Something that can be picked: a READY connection to an endpoint. */
export interface Candidate {
  readonly endpoint: Endpoint;
  /** Calls in flight on it right now. */
  readonly inFlight: number;
}

/** An immutable snapshot that chooses among READY candidates. `pick` never waits. */
export interface Picker<C extends Candidate> {
  /**
   * @param tried ids of endpoints that earlier attempts of this call went to; avoided while others are left
   * @returns undefined only when there are no candidates
   */
  pick(tried: readonly string[]): C | undefined;
}

/** Makes a picker for a new snapshot of candidates; `previous` may hand over its position. */
export type PickerFactory = <C extends Candidate>(
  candidates: readonly C[],
  random: Random,
  previous?: Picker<C>,
) => Picker<C>;
