import assert from 'node:assert/strict';
import type { BreakerState } from '@breakwater/core';
import fc from 'fast-check';
import { CircuitBreaker, type BreakerPermit, type Verdict } from './circuit-breaker.js';

interface ModelPermit {
  /** Which stretch of unchanged state it was issued in. */
  readonly stretch: number;
  readonly probe: boolean;
  readonly leaseEnd: number;
  settled: boolean;
}

interface ModelOptions {
  readonly failureRatio: number;
  readonly minimumCalls: number;
  readonly openMs: number;
  readonly halfOpenProbes: number;
  readonly probeLeaseMs: number;
  readonly windowMs?: number;
  readonly windowCalls?: number;
  readonly slowCallMs?: number;
  readonly slowCallRatio?: number;
}

/** The classic description, told naively: a log of verdicts, a list of probes, and everything recomputed each time. */
class Model {
  state: BreakerState = 'closed';
  stretch = 0;
  now = Number.NEGATIVE_INFINITY;
  log: { at: number; failed: boolean; slow: boolean }[] = [];
  probes: ModelPermit[] = [];
  passed = 0;
  openedAt = 0;

  constructor(private readonly options: ModelOptions) {}

  go(state: BreakerState): void {
    this.state = state;
    this.stretch += 1;
    this.log = [];
    this.probes = [];
    this.passed = 0;
    if (state === 'open') this.openedAt = this.now;
  }

  acquire(now: number, deadline: number): ModelPermit | number | 'isolated' {
    this.now = Math.max(this.now, now);
    if (this.state === 'isolated') return 'isolated';
    if (this.state === 'open') {
      const left = this.openedAt + this.options.openMs - this.now;
      if (left > 0) return Math.ceil(left);
      this.go('half_open');
    }
    const permit = {
      stretch: this.stretch,
      probe: this.state === 'half_open',
      leaseEnd: Math.min(deadline, this.now + this.options.probeLeaseMs),
      settled: false,
    };
    if (this.state === 'closed') return permit;
    const holding = this.probes.filter((probe) => !probe.settled && probe.leaseEnd > this.now);
    if (holding.length + this.passed >= this.options.halfOpenProbes) {
      const ends = holding.map((probe) => probe.leaseEnd - this.now);
      return Math.ceil(Math.min(this.options.openMs, this.options.probeLeaseMs, ...ends));
    }
    this.probes.push(permit);
    return permit;
  }

  settle(permit: ModelPermit, verdict: Verdict, now: number, durationMs: number): void {
    if (permit.stretch !== this.stretch || permit.settled) {
      if (permit.stretch === this.stretch) this.now = Math.max(this.now, now);
      return;
    }
    this.now = Math.max(this.now, now);
    const slow = this.options.slowCallMs !== undefined && durationMs >= this.options.slowCallMs;
    if (permit.probe) permit.settled = true;
    if (verdict === 'ignored') return;
    if (this.state === 'half_open') {
      if (verdict === 'failure' || slow) return this.go('open');
      this.passed += 1;
      if (this.passed === this.options.halfOpenProbes) this.go('closed');
      return;
    }
    this.log.push({ at: this.now, failed: verdict === 'failure', slow });
    const window = this.window();
    if (window.length < this.options.minimumCalls) return;
    const part = (count: number): number => count / window.length;
    const failing = part(window.filter((one) => one.failed).length) >= this.options.failureRatio;
    const crawling =
      this.options.slowCallRatio !== undefined &&
      part(window.filter((one) => one.slow).length) >= this.options.slowCallRatio;
    if (failing || crawling) this.go('open');
  }

  window(): { failed: boolean; slow: boolean }[] {
    if (this.options.windowCalls !== undefined) return this.log.slice(-this.options.windowCalls);
    const tenth = (this.options.windowMs ?? 10_000) / 10;
    return this.log.filter((one) => Math.floor(one.at / tenth) > Math.floor(this.now / tenth) - 10);
  }
}

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('acquire' as const),
      timeoutMs: fc.constantFrom(5, 50, Number.POSITIVE_INFINITY),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      which: fc.nat(20),
      verdict: fc.constantFrom<Verdict>('success', 'success', 'failure', 'failure', 'ignored'),
      durationMs: fc.constantFrom(0, 0, 30),
      again: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('move' as const),
      byMs: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: -40, max: 250 })),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 'isolate' as const }, { kind: 'reset' as const }) },
);

const options = fc.record({
  failureRatio: fc.constantFrom(0.01, 0.5, 0.75, 1),
  minimumCalls: fc.integer({ min: 1, max: 5 }),
  openMs: fc.integer({ min: 1, max: 100 }),
  halfOpenProbes: fc.integer({ min: 1, max: 3 }),
  probeLeaseMs: fc.integer({ min: 1, max: 100 }),
  window: fc.constantFrom({ windowMs: 100 }, { windowMs: 1000 }, { windowCalls: 5 }, { windowCalls: 12 }),
  slow: fc.constantFrom({}, { slowCallMs: 20, slowCallRatio: 0.6 }),
});

describe('CircuitBreaker against a naive model', () => {
  it('admits, rejects and changes state exactly as the model, on clocks that jump too', () => {
    fc.assert(
      fc.property(options, fc.array(step, { maxLength: 120, size: 'max' }), ({ window, slow, ...plain }, steps) => {
        const settings: ModelOptions = { ...plain, ...window, ...slow };
        const breaker = new CircuitBreaker(settings);
        const model = new Model(settings);
        const issued: { real: BreakerPermit; model: ModelPermit }[] = [];
        let now = 0;
        for (const one of steps) {
          if (one.kind === 'move') now += one.byMs;
          else if (one.kind === 'isolate') {
            breaker.isolate();
            if (model.state !== 'isolated') model.go('isolated');
          } else if (one.kind === 'reset') {
            breaker.reset();
            model.go('closed');
          } else if (one.kind === 'settle') {
            const index = one.which % Math.max(1, issued.length);
            const permit = one.again ? issued[index] : issued.splice(index, 1)[0];
            if (permit === undefined) continue;
            breaker.settle(permit.real, one.verdict, now, one.durationMs);
            model.settle(permit.model, one.verdict, now, one.durationMs);
          } else {
            const real = breaker.acquire(now, now + one.timeoutMs);
            const wanted = model.acquire(now, now + one.timeoutMs);
            if (typeof wanted === 'object') {
              assert.ok(real.admitted, `the model admits in state ${model.state}`);
              issued.push({ real, model: wanted });
            } else {
              assert.ok(!real.admitted, `the model rejects in state ${model.state}`);
              assert.equal(real.reason, wanted === 'isolated' ? 'CIRCUIT_ISOLATED' : 'CIRCUIT_OPEN');
              assert.equal(real.retryAfterMs, wanted === 'isolated' ? undefined : wanted);
            }
          }
          const snapshot = breaker.snapshot(Number.NEGATIVE_INFINITY);
          assert.equal(snapshot.state, model.state);
          if (model.state === 'closed') assert.equal(snapshot.calls, model.window().length);
        }
      }),
      { numRuns: 5 * (fc.readConfigureGlobal().numRuns ?? 100) },
    );
  });

  it('never has more live probes than it may, and always gets out of half-open', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 40 }), (halfOpenProbes, callers) => {
        const breaker = new CircuitBreaker({ minimumCalls: 1, halfOpenProbes });
        const first = breaker.acquire(0);
        assert.ok(first.admitted);
        breaker.settle(first, 'failure', 0);
        const admitted = Array.from({ length: callers }, () => breaker.acquire(1000)).filter((one) => one.admitted);
        assert.equal(admitted.length, Math.min(callers, halfOpenProbes));
        // None of them ever answers; a lease later others may try, and their success closes it.
        const others = Array.from({ length: halfOpenProbes }, () => breaker.acquire(11_000));
        for (const permit of others) {
          assert.ok(permit.admitted);
          breaker.settle(permit, 'success', 11_001);
        }
        assert.equal(breaker.snapshot(11_001).state, 'closed');
      }),
    );
  });
});
