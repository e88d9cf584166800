import {
  ChildCancellation,
  Code,
  type Around,
  type Call,
  type Handler,
  type Outcome,
  type ResponseSink,
  type Runtime,
  type Status,
} from '@breakwater/core';
import { expiredOutcome } from './expired-outcome.js';
import { resolveTimeout, type TimeoutOptions } from './options.js';

const POLICY = 'attempt-timeout';

/**
 * How much earlier than our own timer the far side's may fire, as a part of the timeout: both count from when they saw
 * the call, and timers are not exact. An answer DEADLINE_EXCEEDED before that is the application's own.
 */
const EARLY_RATIO = 0.1;

/**
 * Bounds one attempt. Unary and client-streaming: the leaf gets an earlier deadline. Server-streaming and bidi: the first
 * message must come in time; the whole is not limited. Ends with DEADLINE_EXCEEDED, reason `ATTEMPT_TIMEOUT`, origin
 * `remote`: `retry` repeats it for idempotent methods, the breaker counts it as a failure.
 * Does nothing when the call's own deadline is the earlier one.
 *
 * Order: innermost, below `retry` and `circuitBreaker`.
 * @throws ConfigError when `timeoutMs` is not a number from 1 to 24 h
 */
export function attemptTimeout(options: TimeoutOptions, runtime: Runtime): Around {
  const { timeoutMs } = resolveTimeout(options, 'attemptTimeout');
  const status: Status = Object.freeze({
    code: Code.DEADLINE_EXCEEDED,
    reason: 'ATTEMPT_TIMEOUT',
    details: `the attempt took longer than ${timeoutMs} ms`,
    origin: 'remote',
    source: POLICY,
  });
  const report = (call: Call): void => {
    if (runtime.events.listening) runtime.events.emit({ type: 'attempt_timeout', policy: POLICY, call });
  };

  return (next) => (call) => {
    const instant = call.now + timeoutMs;
    if (call.deadline <= instant) return next(call);
    if (call.responses !== undefined) return firstMessageWithin(next, call, call.responses);
    return next({ ...call, deadline: instant }).then((outcome) => {
      if (outcome.ok || !isExpiry(outcome.status) || call.cancellation.cancelled) return outcome;
      if (runtime.clock.now() < instant - timeoutMs * EARLY_RATIO) return outcome;
      report(call);
      return { ...outcome, status };
    });
  };

  async function firstMessageWithin(next: Handler, call: Call, responses: ResponseSink): Promise<Outcome> {
    const cancellation = new ChildCancellation(call.cancellation);
    let expired = false;
    const timer = runtime.clock.setTimer(timeoutMs, () => {
      if (cancellation.cancelled) return;
      expired = true;
      report(call);
      cancellation.cancel(status);
    });
    const sink: ResponseSink = {
      headers: (metadata) => {
        if (!expired) responses.headers(metadata);
      },
      message: (message) => {
        if (expired) return true;
        timer.cancel();
        return responses.message(message);
      },
    };
    try {
      const outcome = await next({ ...call, cancellation, responses: sink });
      return expired ? expiredOutcome(outcome, status) : outcome;
    } finally {
      timer.cancel();
      cancellation.release();
    }
  }
}

/** A deadline that passed, seen by the leaf or by the far side; an application's own reason is left alone. */
const isExpiry = (status: Status): boolean =>
  status.code === Code.DEADLINE_EXCEEDED && (status.reason === undefined || status.reason === 'DEADLINE_EXCEEDED');
