import {
  Code,
  fail,
  rejection,
  type Around,
  type Call,
  type Failure,
  type Handler,
  type Outcome,
  type ResponseSink,
  type Runtime,
} from '@breakwater/core';
import { reportRejection } from '../internal/report.js';
import { CircuitBreaker, type BreakerPermit, type BreakerRejection, type Verdict } from './circuit-breaker.js';
import { classifyOutcome, type Classify } from './classify.js';
import type { CircuitBreakerOptions } from './options.js';

const POLICY = 'circuit-breaker';

/** What a breaker is told beside its settings. */
export interface CircuitBreakerContext {
  /** Names the breaker in events and rejections: the target, usually. */
  readonly name: string;
  /** Default `classifyOutcome`. */
  readonly classify?: Classify | undefined;
}

/** The policy, with its mechanism at hand: `isolate()`, `reset()`, `snapshot(now)`. */
export type CircuitBreakerPolicy = Around & { readonly breaker: CircuitBreaker };

/**
 * Rejects at once while the target is known to be failing: UNAVAILABLE, reason `CIRCUIT_OPEN` with `retryAfterMs`, or
 * `CIRCUIT_ISOLATED`. Put the same policy object into every stack that shares the target.
 *
 * A stream is judged when it ends; only as a half-open probe its first message is enough, since a healthy stream may last
 * for hours. Its slowness is the time to that message.
 *
 * Order: below `retry`, so that it sees every attempt and its rejections end the call; above `attemptTimeout`, whose
 * timeouts it counts.
 * @throws ConfigError for settings out of range or at odds with each other
 */
export function circuitBreaker(
  options: CircuitBreakerOptions,
  runtime: Runtime,
  context: CircuitBreakerContext,
): CircuitBreakerPolicy {
  const { clock, events } = runtime;
  const { name, classify = classifyOutcome } = context;
  const breaker = new CircuitBreaker(options, (transition) => {
    if (events.listening) events.emit({ type: 'breaker_transition', policy: POLICY, name, ...transition });
  });
  const timesCalls = breaker.settings.slowCallMs !== undefined;

  const refuse = (call: Call, refused: BreakerRejection): Failure => {
    const details =
      refused.reason === 'CIRCUIT_OPEN'
        ? `the circuit of ${name} is open`
        : `the circuit of ${name} is isolated by hand`;
    const { status } = rejection(POLICY, Code.UNAVAILABLE, refused.reason, details, refused.retryAfterMs);
    reportRejection(events, POLICY, call, status);
    return fail(status);
  };

  const judged = async (next: Handler, call: Call, permit: BreakerPermit): Promise<Outcome> => {
    let verdict: Verdict = 'ignored';
    try {
      const outcome = await next(call);
      verdict = classify(outcome, call);
      return outcome;
    } finally {
      const now = clock.now();
      breaker.settle(permit, verdict, now, timesCalls ? now - call.now : 0);
    }
  };

  const judgedStream = async (
    next: Handler,
    call: Call,
    permit: BreakerPermit,
    responses: ResponseSink,
  ): Promise<Outcome> => {
    let verdict: Verdict = 'ignored';
    let firstMessageMs: number | undefined;
    const sink: ResponseSink = {
      headers: (metadata) => responses.headers(metadata),
      message: (message) => {
        if (firstMessageMs === undefined) {
          const now = clock.now();
          firstMessageMs = now - call.now;
          if (permit.probeUntil !== undefined) breaker.settle(permit, 'success', now, firstMessageMs);
        }
        return responses.message(message);
      },
    };
    try {
      const outcome = await next({ ...call, responses: sink });
      verdict = classify(outcome, call);
      return outcome;
    } finally {
      // A probe that has passed on its first message is settled already: this changes nothing then.
      const now = clock.now();
      breaker.settle(permit, verdict, now, firstMessageMs ?? now - call.now);
    }
  };

  const policy: Around = (next) => (call) => {
    const admission = breaker.acquire(call.now, call.deadline);
    if (!admission.admitted) return Promise.resolve(refuse(call, admission));
    return call.responses === undefined
      ? judged(next, call, admission)
      : judgedStream(next, call, admission, call.responses);
  };
  return Object.assign(policy, { breaker });
}
