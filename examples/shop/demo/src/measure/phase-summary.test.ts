import assert from 'node:assert/strict';
import type { PolicyReport } from '@breakwater-examples/shop-common';
import type { LedgerEntry } from '../load/ledger.js';
import type { Answer } from '../load/told.js';
import { summarize } from './phase-summary.js';
import { PolicyTally } from './policy-tally.js';

const entry = (answer: Answer, latencyMs = 10): LedgerEntry => ({
  orderId: 'o',
  phase: 'steady',
  minorUnits: 1n,
  latencyMs,
  answer,
});
const event = (type: PolicyReport['type'], more: Partial<PolicyReport> = {}): PolicyReport => ({
  type,
  policy: 'retry',
  target: 'consul:///payments',
  method: 'Authorize',
  ...more,
});

describe('phase summary', () => {
  it('counts what clients saw: served, turned away by a policy, failed by code', () => {
    const summary = summarize(
      'steady',
      [
        entry({ told: 'charged' }, 10),
        entry({ told: 'deferred' }, 20),
        entry({ told: 'declined' }, 30),
        entry({ told: 'out_of_stock', code: 'FAILED_PRECONDITION' }, 40),
        entry({ told: 'limited', code: 'RESOURCE_EXHAUSTED', retryAfterMs: 5 }, 1),
        entry({ told: 'limited', code: 'RESOURCE_EXHAUSTED' }, 1),
        entry({ told: 'failed', code: 'UNAVAILABLE' }, 999),
        entry({ told: 'failed', code: 'UNAVAILABLE' }, 999),
        entry({ told: 'failed' }, 999),
      ],
      new PolicyTally().of('steady'),
    );
    assert.deepEqual(
      { ...summary, failedByCode: [...summary.failedByCode], tally: undefined },
      {
        name: 'steady',
        calls: 9,
        ok: 4,
        deferred: 1,
        declined: 2,
        failed: 3,
        failedByCode: [
          ['UNAVAILABLE', 2],
          ['UNKNOWN', 1],
        ],
        rejected: 2,
        rejectedWithoutRetryAfter: 1,
        p50Ms: 20,
        p99Ms: 40,
        tally: undefined,
      },
    );
  });

  it('has no latency when nothing was served', () => {
    const { p50Ms, p99Ms } = summarize(
      'burst',
      [entry({ told: 'limited', retryAfterMs: 1 })],
      new PolicyTally().of('burst'),
    );
    assert.deepEqual([p50Ms, p99Ms], [undefined, undefined]);
  });
});

describe('policy tally', () => {
  it('counts by phase, and breaker transitions over the whole run', () => {
    const tally = new PolicyTally();
    tally.record('slow', event('retry'));
    tally.record('slow', event('rejected', { policy: 'circuit-breaker' }));
    tally.record('slow', event('rejected', { policy: 'circuit-breaker' }));
    tally.record('slow', event('breaker_transition', { policy: 'circuit-breaker', to: 'open' }));
    tally.record('recovery', event('breaker_transition', { policy: 'circuit-breaker', to: 'half_open' }));
    tally.record('recovery', event('breaker_transition', { policy: 'circuit-breaker', to: 'closed' }));
    tally.record('recovery', event('fallback', { policy: 'fallback' }));
    assert.equal(tally.of('slow').retries, 1);
    assert.deepEqual([...tally.of('slow').rejections], [['circuit-breaker', 2]]);
    assert.equal(tally.of('recovery').retries, 0);
    assert.equal(tally.of('recovery').fallbacks, 1);
    assert.deepEqual(tally.breaker, { opened: 1, halfOpened: 1, closed: 1 });
  });
});
