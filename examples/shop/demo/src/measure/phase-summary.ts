import type { CodeName } from '@breakwater/core';
import type { LedgerEntry } from '../load/ledger.js';
import { isServed } from '../load/told.js';
import { percentile } from './percentile.js';
import type { PhaseTally } from './policy-tally.js';

/** A phase in numbers. */
export interface PhaseSummary {
  readonly name: string;
  readonly calls: number;
  /** Answered: accepted, or turned down for a business reason. */
  readonly ok: number;
  /** Of these, accepted without a payment. */
  readonly deferred: number;
  /** Of these, turned down: no stock, or declined by the bank. */
  readonly declined: number;
  readonly failed: number;
  readonly failedByCode: ReadonlyMap<CodeName, number>;
  /** Turned away by a policy of the shop. */
  readonly rejected: number;
  /** Of these, without a time after which to come back. */
  readonly rejectedWithoutRetryAfter: number;
  /** Of the calls that were ok; undefined when there were none. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly tally: PhaseTally;
}

/** Sums up what clients saw and what policies did during a phase. */
export function summarize(name: string, entries: readonly LedgerEntry[], tally: PhaseTally): PhaseSummary {
  const served = entries.filter(({ answer }) => isServed(answer.told));
  const rejected = entries.filter(({ answer }) => answer.told === 'limited');
  const failed = entries.filter(({ answer }) => answer.told === 'failed');
  const failedByCode = new Map<CodeName, number>();
  for (const { answer } of failed) {
    const code = answer.code ?? 'UNKNOWN';
    failedByCode.set(code, (failedByCode.get(code) ?? 0) + 1);
  }
  const latencies = served.map(({ latencyMs }) => latencyMs);
  return {
    name,
    calls: entries.length,
    ok: served.length,
    deferred: served.filter(({ answer }) => answer.told === 'deferred').length,
    declined: served.filter(({ answer }) => answer.told === 'declined' || answer.told === 'out_of_stock').length,
    failed: failed.length,
    failedByCode,
    rejected: rejected.length,
    rejectedWithoutRetryAfter: rejected.filter(
      ({ answer }) => !(answer.retryAfterMs !== undefined && answer.retryAfterMs > 0),
    ).length,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    tally,
  };
}
