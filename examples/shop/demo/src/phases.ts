/** Names of the phases, as tables and JSON show them. */
export type PhaseName =
  | 'steady'
  | 'kill -9'
  | 'start again'
  | 'slow'
  | 'failing'
  | 'recovery'
  | 'burst'
  | 'registry restart'
  | 'rolling restart';

export interface Phase {
  readonly name: PhaseName;
  /** For people: what is done to the shop. */
  readonly title: string;
  /** Part of the timeline; the parts of all phases add up to 1. */
  readonly share: number;
  /** Times the steady load. */
  readonly load: number;
  /** What a client must not see: a failed call, or one that was turned away. */
  readonly flawless: boolean;
  /** Payments are down: orders must be accepted all the same, without their payment. */
  readonly degraded: boolean;
}

const phase = (
  name: PhaseName,
  share: number,
  title: string,
  more: Partial<Pick<Phase, 'load' | 'flawless' | 'degraded'>> = {},
): Phase => ({ name, title, share, load: 1, flawless: true, degraded: false, ...more });

export const BURST_FACTOR = 5;

/** The fault timeline. */
export const PHASES: readonly Phase[] = Object.freeze([
  phase('steady', 0.22, 'steady load, nothing is wrong'),
  phase('kill -9', 0.1, 'a payments instance is killed in the middle of its work'),
  phase('start again', 0.08, 'the killed instance comes back'),
  phase('slow', 0.11, 'payments do their work and answer late', { degraded: true }),
  phase('failing', 0.11, 'payments fail, some of them after the bank has charged', { degraded: true }),
  phase('recovery', 0.12, 'payments work again, deferred charges are made'),
  phase('burst', 0.08, `${BURST_FACTOR} times the load`, { load: BURST_FACTOR, flawless: false }),
  phase('registry restart', 0.08, 'the registry crashes and comes back empty'),
  phase('rolling restart', 0.1, 'orders instances are restarted one after the other'),
]);
