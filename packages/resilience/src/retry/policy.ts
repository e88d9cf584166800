import {
  fail,
  sleep,
  type Around,
  type AttemptRecord,
  type Call,
  type Failure,
  type Handler,
  type Outcome,
  type RetryRefusal,
  type Runtime,
} from '@breakwater/core';
import { PREVIOUS_ATTEMPTS_KEY } from '../pushback.js';
import { AttemptStreams } from './attempt-streams.js';
import { backoffMs } from './backoff.js';
import { judge, type Judgement } from './judge.js';
import { CALL_MAX_ATTEMPTS, resolveRetry, type RetryOptions } from './options.js';
import { RetryBudget } from './retry-budget.js';

/**
 * Repeats failed calls where that is safe and cheap: the failure came from outside this process, its code is retryable,
 * the method is idempotent or the server did not start the call, nothing of the answer was seen, the wait fits the time
 * left, and the budget allows it. Otherwise the last failure is the outcome, with one record per attempt.
 *
 * Waits follow gRFC A6: exponential with jitter; `grpc-retry-pushback-ms` wins and starts the backoff anew, negative or
 * unreadable stops. The first failure of a call that an endpoint did not start is repeated at once, as the next attempt
 * goes to another endpoint; it counts as an attempt and costs budget like every other.
 * Unary calls are never committed by headers, since their caller has seen nothing before the outcome.
 *
 * Order: above `circuitBreaker` and `attemptTimeout`, which judge single attempts; below `deadline` and `bulkhead`.
 * @throws ConfigError for settings out of range
 */
export function retry(options: RetryOptions, runtime: Runtime): Around {
  const settings = resolveRetry(options);
  const budget = options.budget ?? new RetryBudget();
  const { clock, events, random } = runtime;

  const limitOf = (call: Call): number => call.attributes.get(CALL_MAX_ATTEMPTS) ?? settings.maxAttempts;

  const refuse = (call: Call, failure: Failure, why: RetryRefusal): void => {
    if (events.listening) events.emit({ type: 'retry_refused', policy: 'retry', call, status: failure.status, why });
  };

  async function streaming(next: Handler, call: Call): Promise<Outcome> {
    const streams = new AttemptStreams(call, settings.replayBufferMessages);
    if (limitOf(call) === 1) streams.lastAttempt();
    try {
      const first = await next(streams.derive(call));
      return first.ok ? first : await repeat(next, call, first, streams);
    } finally {
      streams.close();
    }
  }

  async function repeat(next: Handler, call: Call, first: Failure, streams?: AttemptStreams): Promise<Outcome> {
    const maxAttempts = limitOf(call);
    const attempts: AttemptRecord[] = [];
    let failure = first;
    let attempted = call;
    /** Retries since the backoff started, and whether the one at once has been used. */
    let backoffs = 0;
    let repeatedAtOnce = false;

    const delayOf = (judgement: Judgement & { retry: true }): number => {
      if (judgement.pushbackMs !== undefined) {
        backoffs = 0;
        return judgement.pushbackMs;
      }
      if (judgement.elsewhere && !repeatedAtOnce) {
        repeatedAtOnce = true;
        return 0;
      }
      backoffs += 1;
      return backoffMs(backoffs, settings, random);
    };

    for (;;) {
      const now = clock.now();
      const { attempt } = attempted;
      attempts.push({ attempt, status: failure.status, peer: failure.peer, durationMs: now - attempted.now });
      if (call.cancellation.cancelled) return finalFailure(failure, attempts);
      const judgement = judge({
        failure,
        operation: call.operation,
        attempt: attempts.length,
        maxAttempts,
        retryableCodes: settings.retryableCodes,
        committed: streams?.committed === true,
      });
      if (!judgement.retry) {
        if (judgement.refusal !== undefined) refuse(attempted, failure, judgement.refusal);
        return finalFailure(failure, attempts);
      }
      const delayMs = delayOf(judgement);
      if (delayMs >= call.deadline - now) {
        refuse(attempted, failure, 'deadline');
        return finalFailure(failure, attempts);
      }
      // Asked last: what is refused for another reason must not cost anything.
      if (!budget.withdraw()) {
        refuse(attempted, failure, 'budget_exhausted');
        return finalFailure(failure, attempts);
      }
      if (events.listening) {
        events.emit({
          type: 'retry',
          policy: 'retry',
          call: attempted,
          status: failure.status,
          nextAttempt: attempt + 1,
          delayMs,
        });
      }
      if (delayMs > 0 && !(await sleep(clock, delayMs, call.cancellation))) {
        const cancelled = call.cancellation.status ?? failure.status;
        return finalFailure({ ...fail(cancelled, failure.sent), peer: failure.peer }, attempts);
      }
      attempted = nextAttempt(call, attempted, failure, delayMs > 0 ? clock.now() : now);
      if (attempts.length + 1 === maxAttempts) streams?.lastAttempt();
      const outcome = await next(streams === undefined ? attempted : streams.derive(attempted));
      if (outcome.ok) return outcome;
      failure = outcome;
    }
  }

  return (next) => {
    const unary = async (call: Call): Promise<Outcome> => {
      const outcome = await next(call);
      return outcome.ok ? outcome : repeat(next, call, outcome);
    };
    return (call) => {
      budget.deposit();
      return call.requests === undefined && call.responses === undefined ? unary(call) : streaming(next, call);
    };
  };
}

function nextAttempt(call: Call, before: Call, failure: Failure, now: number): Call {
  const attempt = before.attempt + 1;
  const { peer } = failure;
  return {
    ...call,
    attempt,
    now,
    metadata: call.metadata.with(PREVIOUS_ATTEMPTS_KEY, String(attempt - 1)),
    tried: peer === undefined || before.tried.includes(peer) ? before.tried : [...before.tried, peer],
  };
}

const finalFailure = (failure: Failure, attempts: readonly AttemptRecord[]): Failure =>
  attempts.length > 1 ? { ...failure, attempts } : failure;
