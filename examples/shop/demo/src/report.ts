import type { AuditReport } from './audit/auditor.js';
import type { BreakerCounts } from './measure/policy-tally.js';
import type { PhaseSummary } from './measure/phase-summary.js';

/** The last line of `--json`. */
export interface JsonReport {
  /** `embedded`, or the address of the Consul agent. */
  readonly registry: string;
  readonly phases: readonly {
    readonly name: string;
    readonly calls: number;
    readonly ok: number;
    readonly failed: number;
    readonly rejected: number;
    readonly retries: number;
    readonly p50Ms: number | null;
    readonly p99Ms: number | null;
  }[];
  readonly breaker: BreakerCounts;
  readonly ordersLost: number;
  readonly doubleCharges: number;
  readonly ok: boolean;
}

export interface ReportParts {
  readonly registry: string;
  readonly summaries: readonly PhaseSummary[];
  readonly breaker: BreakerCounts;
  readonly audit: AuditReport;
  readonly ok: boolean;
}

const rounded = (ms: number | undefined): number | null => (ms === undefined ? null : Math.round(ms * 10) / 10);

export const jsonReport = ({ registry, summaries, breaker, audit, ok }: ReportParts): JsonReport => ({
  registry,
  phases: summaries.map(({ name, calls, ok: served, failed, rejected, tally, p50Ms, p99Ms }) => ({
    name,
    calls,
    ok: served,
    failed,
    rejected,
    retries: tally.retries,
    p50Ms: rounded(p50Ms),
    p99Ms: rounded(p99Ms),
  })),
  breaker,
  ordersLost: audit.lost.length,
  doubleCharges: audit.doubleCharged.length,
  ok,
});
