import type { AuditReport } from './audit/auditor.js';
import type { BreakerCounts } from './measure/policy-tally.js';
import type { PhaseSummary } from './measure/phase-summary.js';
import { PHASES } from './phases.js';

/** Admitted orders of the burst may take this many times as long as those of the steady phase. */
export const BURST_P99_FACTOR = 3;
/** With fewer calls a percentile is an anecdote. */
const FEWEST_STEADY_CALLS = 40;

export interface Evidence {
  readonly summaries: readonly PhaseSummary[];
  readonly breaker: BreakerCounts;
  readonly audit: AuditReport;
  /** Processes that ended although nobody asked them to, and how. */
  readonly unexpectedExits: readonly string[];
}

/** What the demo promises, held against what happened. @returns a line per promise that was not kept */
export function violations({ summaries, breaker, audit, unexpectedExits }: Evidence): readonly string[] {
  return [
    ...summaries.flatMap(ofPhase),
    ...ofBurst(summaries),
    ...ofBreaker(breaker),
    ...ofAudit(audit),
    ...unexpectedExits.map((exit) => `a process ended by itself: ${exit}`),
  ];
}

function ofPhase(summary: PhaseSummary): readonly string[] {
  const phase = PHASES.find(({ name }) => name === summary.name);
  if (phase === undefined) return [];
  const found: string[] = [];
  const { name, calls, failed, rejected, rejectedWithoutRetryAfter, deferred } = summary;
  if (calls === 0) found.push(`${name}: no call was made`);
  if (failed > 0)
    found.push(`${name}: ${failed} of ${calls} calls failed (${show(summary.failedByCode)}), expected none`);
  if (phase.flawless && rejected > 0) found.push(`${name}: ${rejected} of ${calls} calls were rejected, expected none`);
  if (rejectedWithoutRetryAfter > 0)
    found.push(`${name}: ${rejectedWithoutRetryAfter} of ${rejected} rejections came without a retry-after`);
  if (phase.degraded && deferred === 0)
    found.push(`${name}: no order was accepted by the fallback while payments were down`);
  return found;
}

function ofBurst(summaries: readonly PhaseSummary[]): readonly string[] {
  const steady = summaries.find(({ name }) => name === 'steady');
  const burst = summaries.find(({ name }) => name === 'burst');
  if (steady?.p99Ms === undefined || burst?.p99Ms === undefined)
    return ['burst: there is nothing to compare with the steady phase'];
  const found: string[] = [];
  if (steady.calls < FEWEST_STEADY_CALLS)
    found.push(`steady: only ${steady.calls} calls, at least ${FEWEST_STEADY_CALLS} are needed`);
  if (burst.rejected === 0) found.push('burst: no call was rejected, the limit of the shop did not show');
  const factor = burst.p99Ms / steady.p99Ms;
  if (factor > BURST_P99_FACTOR)
    found.push(
      `burst: p99 of admitted orders is ${Math.round(burst.p99Ms)} ms, ${factor.toFixed(1)} times the ${Math.round(steady.p99Ms)} ms of the steady phase; at most ${BURST_P99_FACTOR} times was expected`,
    );
  return found;
}

function ofBreaker({ opened, halfOpened, closed }: BreakerCounts): readonly string[] {
  const missing = Object.entries({ opened, 'half-opened': halfOpened, closed }).filter(([, times]) => times === 0);
  return missing.map(([what]) => `no circuit breaker ${what}`);
}

function ofAudit(audit: AuditReport): readonly string[] {
  const lists: readonly (readonly [string, readonly string[]])[] = [
    ['accepted and lost', audit.lost],
    ['charged more than once', audit.doubleCharged],
    ['charged although turned down', audit.chargedRejected],
    ['charged another amount', audit.wrongAmount],
    ['told one thing and journaled another', audit.contradictory],
    ['charged without an order', audit.unknownCharges],
  ];
  const found = lists
    .filter(([, ids]) => ids.length > 0)
    .map(([what, ids]) => `audit: ${ids.length} orders ${what}: ${some(ids)}`);
  if (audit.accepted === 0) found.push('audit: no order was accepted, there is nothing to audit');
  return found;
}

const some = (ids: readonly string[]): string => `${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ', ...' : ''}`;
const show = (counts: ReadonlyMap<string, number>): string =>
  [...counts].map(([what, times]) => `${times} ${what}`).join(', ');
