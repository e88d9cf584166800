import type { BreakerState, Permit } from '@breakwater/core';
import { resolveCircuitBreaker, type CircuitBreakerOptions, type CircuitBreakerSettings } from './options.js';
import { CountWindow, TimeWindow, type VerdictWindow } from './window.js';

/** `ignored`: cancelled, or not this target's doing. It must be reported too, or a half-open place stays taken. */
export type Verdict = 'success' | 'failure' | 'ignored';

/** A permit belongs to the epoch that issued it: a slow call admitted before a trip cannot judge the recovery. */
export interface BreakerPermit extends Permit {
  readonly epoch: number;
  /** The end of its lease, for a half-open probe; undefined for ordinary calls, which share one permit per epoch. */
  readonly probeUntil?: number;
}

export interface BreakerRejection {
  readonly admitted: false;
  readonly reason: 'CIRCUIT_OPEN' | 'CIRCUIT_ISOLATED';
  /** Whole ms until a call may get through; undefined while isolated. */
  readonly retryAfterMs: number | undefined;
}

export interface BreakerTransition {
  readonly from: BreakerState;
  readonly to: BreakerState;
  readonly why: string;
}

export interface BreakerSnapshot {
  readonly state: BreakerState;
  /** Over the window while closed; zero in every other state, as each epoch starts afresh. */
  readonly calls: number;
  readonly failures: number;
  readonly slowCalls: number;
  /** Whole ms until probes are let through; 0 unless open. */
  readonly retryAfterMs: number;
  /** Half-open: probes that hold a place, and probes that succeeded. */
  readonly probes: number;
  readonly passed: number;
}

interface HalfOpen {
  readonly kind: 'half_open';
  /** Probes that hold a place. */
  readonly probes: Set<BreakerPermit>;
  /** Probes that have given their verdict, late ones included. */
  readonly settled: WeakSet<BreakerPermit>;
  passed: number;
}

type State =
  | { readonly kind: 'closed'; readonly permit: BreakerPermit; readonly window: VerdictWindow }
  | { readonly kind: 'open'; readonly until: number }
  | HalfOpen
  | { readonly kind: 'isolated' };

const ISOLATED: BreakerRejection = Object.freeze({
  admitted: false,
  reason: 'CIRCUIT_ISOLATED',
  retryAfterMs: undefined,
});

/**
 * Closed: admits, and trips when the window shows too many failures or slow calls. Open: rejects at once for `openMs`.
 * Half-open: admits exactly `halfOpenProbes` calls; when all have succeeded it closes with an empty window, and the first
 * that fails opens it again for the whole wait. Isolated: rejects until `reset()`.
 *
 * A probe that gives no verdict cannot block recovery: at the end of its lease (its deadline, or `probeLeaseMs` if sooner)
 * its place goes to another call. That says nothing about the target, so it counts neither way; the late verdict, should
 * one come while still half-open, counts as any probe's.
 *
 * Holds no clock: instants are passed in, and one that lies before an earlier one is read as that.
 * @throws ConfigError for settings out of range or at odds with each other
 * @see Nygard, Release It!; Resilience4j's windows and `>=` comparison; gobreaker's generations
 */
export class CircuitBreaker {
  readonly settings: CircuitBreakerSettings;
  private state: State;
  private epoch = 0;
  private latest = Number.NEGATIVE_INFINITY;

  /** @param onTransition called after each change of state, synchronously; must not throw */
  constructor(
    options: CircuitBreakerOptions = {},
    private readonly onTransition: (transition: BreakerTransition) => void = () => {},
  ) {
    this.settings = resolveCircuitBreaker(options);
    this.state = this.closed();
  }

  /** Asks leave for one call. @param deadline of the call: how long, at most, a probe may keep its place */
  acquire(now: number, deadline: number = Number.POSITIVE_INFINITY): BreakerPermit | BreakerRejection {
    const at = this.advance(now);
    const { state } = this;
    switch (state.kind) {
      case 'closed':
        return state.permit;
      case 'isolated':
        return ISOLATED;
      case 'open':
        if (at < state.until)
          return { admitted: false, reason: 'CIRCUIT_OPEN', retryAfterMs: Math.ceil(state.until - at) };
        return this.probe(this.halfOpen(), at, deadline);
      case 'half_open':
        return this.probe(state, at, deadline);
    }
  }

  /**
   * Reports how an admitted call went, once per call. A permit of an earlier epoch changes nothing, nor does a probe that
   * has been settled before.
   * @param durationMs how long the call took, for the slow-call ratio; a slow probe fails
   */
  settle(permit: BreakerPermit, verdict: Verdict, now: number, durationMs = 0): void {
    if (permit.epoch !== this.epoch) return;
    const at = this.advance(now);
    const slow = this.settings.slowCallMs !== undefined && durationMs >= this.settings.slowCallMs;
    const { state } = this;
    if (state.kind === 'closed') {
      if (verdict === 'ignored') return;
      state.window.record(at, verdict === 'failure', slow);
      const why = this.tripReason(state.window, at);
      if (why !== undefined) this.open(at, why);
    } else if (state.kind === 'half_open') this.settleProbe(state, permit, verdict, at, slow);
  }

  /** Rejects everything until `reset()`: an operator's decision. */
  isolate(): void {
    if (this.state.kind !== 'isolated') this.enter({ kind: 'isolated' }, 'isolated by hand');
  }

  /** Closed, with nothing remembered. */
  reset(): void {
    if (this.state.kind === 'closed') {
      this.epoch += 1;
      this.state = this.closed();
    } else this.enter(undefined, 'reset by hand');
  }

  /** What is known at `now`; changes nothing. */
  snapshot(now: number): BreakerSnapshot {
    const at = this.advance(now);
    const { state } = this;
    const totals = state.kind === 'closed' ? state.window.totals(at) : undefined;
    return {
      state: state.kind,
      calls: totals?.calls ?? 0,
      failures: totals?.failures ?? 0,
      slowCalls: totals?.slow ?? 0,
      retryAfterMs: state.kind === 'open' ? Math.max(0, Math.ceil(state.until - at)) : 0,
      probes: state.kind === 'half_open' ? state.probes.size : 0,
      passed: state.kind === 'half_open' ? state.passed : 0,
    };
  }

  private probe(state: HalfOpen, at: number, deadline: number): BreakerPermit | BreakerRejection {
    let soonest = at + this.settings.probeLeaseMs;
    for (const probe of state.probes) {
      const until = probe.probeUntil ?? at;
      if (until <= at) state.probes.delete(probe);
      else soonest = Math.min(soonest, until);
    }
    if (state.probes.size + state.passed >= this.settings.halfOpenProbes) {
      // When the probes will be through is not known: one lease or one more wait, whichever is shorter, is a fair guess.
      const retryAfterMs = Math.ceil(Math.min(this.settings.openMs, soonest - at));
      return { admitted: false, reason: 'CIRCUIT_OPEN', retryAfterMs };
    }
    const probeUntil = Math.min(at + this.settings.probeLeaseMs, deadline);
    const permit: BreakerPermit = { admitted: true, epoch: this.epoch, probeUntil };
    state.probes.add(permit);
    return permit;
  }

  private settleProbe(state: HalfOpen, permit: BreakerPermit, verdict: Verdict, at: number, slow: boolean): void {
    if (state.settled.has(permit)) return;
    state.settled.add(permit);
    state.probes.delete(permit);
    if (verdict === 'ignored') return;
    if (verdict === 'failure') this.open(at, 'probe failed');
    else if (slow) this.open(at, 'probe was slow');
    else {
      state.passed += 1;
      const { passed } = state;
      if (passed >= this.settings.halfOpenProbes)
        this.enter(undefined, passed === 1 ? 'probe succeeded' : `${passed} probes succeeded`);
    }
  }

  private tripReason(window: VerdictWindow, at: number): string | undefined {
    const { calls, failures, slow } = window.totals(at);
    const { failureRatio, minimumCalls, slowCallRatio } = this.settings;
    if (calls < minimumCalls) return undefined;
    if (failures / calls >= failureRatio) return `failure ratio ${(failures / calls).toFixed(2)} of ${calls} calls`;
    if (slowCallRatio !== undefined && slow / calls >= slowCallRatio) {
      return `slow-call ratio ${(slow / calls).toFixed(2)} of ${calls} calls`;
    }
    return undefined;
  }

  private open(at: number, why: string): void {
    this.enter({ kind: 'open', until: at + this.settings.openMs }, why);
  }

  private halfOpen(): HalfOpen {
    const state: HalfOpen = { kind: 'half_open', probes: new Set(), settled: new WeakSet(), passed: 0 };
    this.enter(state, `${this.settings.openMs} ms have passed`);
    return state;
  }

  /** @param to undefined: closed */
  private enter(to: State | undefined, why: string): void {
    const from = this.state.kind;
    this.epoch += 1;
    this.state = to ?? this.closed();
    this.onTransition({ from, to: this.state.kind, why });
  }

  private closed(): State {
    const { windowCalls, windowMs } = this.settings;
    const window = windowCalls === undefined ? new TimeWindow(windowMs ?? 0) : new CountWindow(windowCalls);
    return { kind: 'closed', permit: Object.freeze({ admitted: true, epoch: this.epoch }), window };
  }

  private advance(now: number): number {
    if (now > this.latest) this.latest = now;
    return this.latest;
  }
}
