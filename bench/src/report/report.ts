import type { Contender } from '../contenders/contender.js';
import type { Measurements } from '../measurements.js';
import { type Row, rowsOf } from './row.js';
import type { Judged, Target } from './targets.js';
import { versions } from './versions.js';

/** The outcome of a run: what `--json` prints, and all that tables and charts are made of. */
export interface Report {
  readonly targets: readonly Target[];
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
}

/** @param contenders those that took part */
export const reportOf = (
  measurements: Measurements,
  judged: readonly Judged[],
  contenders: readonly Contender[],
): Report => ({
  targets: judged.map(({ target }) => target),
  versions: versions(contenders),
  rows: rowsOf(measurements),
});
