import assert from 'node:assert/strict';
import type { AuditReport } from './audit/auditor.js';
import { PolicyTally } from './measure/policy-tally.js';
import type { PhaseSummary } from './measure/phase-summary.js';
import { PHASES, type PhaseName } from './phases.js';
import { type Evidence, violations } from './verdict.js';

const summary = (name: PhaseName, change: Partial<PhaseSummary> = {}): PhaseSummary => {
  const degraded = name === 'slow' || name === 'failing';
  return {
    name,
    calls: 100,
    ok: 100,
    deferred: degraded ? 90 : 0,
    declined: 2,
    failed: 0,
    failedByCode: new Map(),
    rejected: name === 'burst' ? 20 : 0,
    rejectedWithoutRetryAfter: 0,
    p50Ms: 150,
    p99Ms: 200,
    tally: new PolicyTally().of(name),
    ...change,
  };
};
const AUDIT: AuditReport = {
  accepted: 900,
  turnedDown: 20,
  declinedLater: 1,
  charges: 899,
  lost: [],
  doubleCharged: [],
  chargedRejected: [],
  wrongAmount: [],
  contradictory: [],
  unknownCharges: [],
};
const evidence = (
  changes: Partial<Record<PhaseName, Partial<PhaseSummary>>> = {},
  more: Partial<Evidence> = {},
): Evidence => ({
  summaries: PHASES.map(({ name }) => summary(name, changes[name])),
  breaker: { opened: 1, halfOpened: 1, closed: 1 },
  audit: AUDIT,
  unexpectedExits: [],
  ...more,
});
const only = (found: readonly string[], text: RegExp): void => {
  assert.equal(found.length, 1, found.join('\n'));
  assert.match(String(found[0]), text);
};

describe('verdict', () => {
  it('has nothing to say about a shop that survived', () => {
    assert.deepEqual(violations(evidence()), []);
  });

  for (const { name } of PHASES) {
    it(`does not accept a failed call in phase ${name}`, () => {
      only(
        violations(evidence({ [name]: { failed: 1, failedByCode: new Map([['UNAVAILABLE', 1]]) } })),
        new RegExp(`^${name}: 1 of 100 calls failed \\(1 UNAVAILABLE\\)`),
      );
    });
  }

  for (const { name } of PHASES.filter(({ flawless }) => flawless)) {
    it(`does not accept a rejected call in phase ${name}`, () => {
      only(violations(evidence({ [name]: { rejected: 1 } })), new RegExp(`^${name}: 1 of 100 calls were rejected`));
    });
  }

  it('wants orders to be accepted without payment while payments are down', () => {
    only(violations(evidence({ slow: { deferred: 0 } })), /^slow: no order was accepted by the fallback/);
    only(violations(evidence({ failing: { deferred: 0 } })), /^failing: no order/);
  });

  it('wants at least one rejection in the burst, and a retry-after with each', () => {
    only(violations(evidence({ burst: { rejected: 0 } })), /^burst: no call was rejected/);
    only(
      violations(evidence({ burst: { rejectedWithoutRetryAfter: 2 } })),
      /^burst: 2 of 20 rejections came without a retry-after/,
    );
  });

  it('wants admitted orders of the burst within three times the steady p99', () => {
    assert.deepEqual(violations(evidence({ burst: { p99Ms: 600 } })), []);
    only(
      violations(evidence({ burst: { p99Ms: 601 } })),
      /^burst: p99 of admitted orders is 601 ms, 3\.0 times the 200 ms/,
    );
    only(violations(evidence({ burst: { p99Ms: undefined } })), /nothing to compare/);
    only(violations(evidence({ steady: { calls: 39 } })), /^steady: only 39 calls/);
  });

  it('wants circuit breakers to open, half-open and close', () => {
    only(violations(evidence({}, { breaker: { opened: 1, halfOpened: 1, closed: 0 } })), /^no circuit breaker closed$/);
    assert.equal(violations(evidence({}, { breaker: { opened: 0, halfOpened: 0, closed: 0 } })).length, 3);
  });

  it('names what the audit found', () => {
    const lists = [
      'lost',
      'doubleCharged',
      'chargedRejected',
      'wrongAmount',
      'contradictory',
      'unknownCharges',
    ] as const;
    for (const list of lists)
      only(violations(evidence({}, { audit: { ...AUDIT, [list]: ['o1', 'o2'] } })), /^audit: 2 orders .*: o1, o2$/);
    only(violations(evidence({}, { audit: { ...AUDIT, accepted: 0 } })), /nothing to audit/);
  });

  it('does not accept a process that died by itself, or a phase without load', () => {
    only(violations(evidence({}, { unexpectedExits: ['orders-1 (exit code 1)'] })), /orders-1 \(exit code 1\)/);
    only(violations(evidence({ recovery: { calls: 0 } })), /^recovery: no call was made/);
  });

  it('can do without a phase that was left out', () => {
    const all = evidence();
    assert.deepEqual(
      violations({ ...all, summaries: all.summaries.filter(({ name }) => name !== 'registry restart') }),
      [],
    );
  });
});
