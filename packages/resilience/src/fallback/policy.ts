import {
  succeed,
  type Around,
  type Call,
  type Clock,
  type Failure,
  type Handler,
  type Outcome,
  type Runtime,
} from '@breakwater/core';
import { resolveFallback, type FallbackOptions } from './options.js';
import { StaleCache } from './stale-cache.js';

const POLICY = 'fallback';

/**
 * Answers in place of a call that failed: with a value, what a function makes, or the last good answer. It sees why
 * (code, reason, source), and covers refusals by other policies as well: CIRCUIT_OPEN, BULKHEAD_FULL, a passed deadline.
 * Failures that blame the caller are left alone unless `when` says otherwise.
 *
 * Order: below `deadline`, above everything else, so that it is the last word on the logical call.
 * @throws ConfigError unless exactly one source is given, and for settings out of range
 */
export function fallback(options: FallbackOptions, runtime: Runtime): Around {
  const settings = resolveFallback(options);
  const { source } = settings;
  const instead =
    'fn' in source ? byFunction(source.fn, settings.timeoutMs, runtime.clock) : fromCache(source.stale, runtime.clock);

  return (next) => {
    const covered = async (call: Call): Promise<Outcome> => {
      const outcome = await next(call);
      if (outcome.ok) {
        instead.learn?.(call, outcome.value);
        return outcome;
      }
      if (!settings.when(outcome.status, call)) return outcome;
      const replaced = await instead.answer(call, outcome);
      if (replaced.ok && runtime.events.listening) {
        runtime.events.emit({ type: 'fallback', policy: POLICY, call, status: outcome.status });
      }
      return replaced;
    };
    const handler: Handler = (call) => (settings.kinds.includes(call.operation.kind) ? covered(call) : next(call));
    return handler;
  };
}

/** Where the other answer comes from. */
interface Instead {
  /** Sees the good answers. */
  learn?(call: Call, value: unknown): void;
  /** A success, or the failure when there is nothing to give. */
  answer(call: Call, failure: Failure): Outcome | Promise<Outcome>;
}

function byFunction(fn: NonNullable<FallbackOptions['fn']>, timeoutMs: number, clock: Clock): Instead {
  return {
    answer: (call, failure) => {
      const failed = (cause: unknown): Failure => ({ ...failure, status: { ...failure.status, cause } });
      try {
        const made = fn(failure.status, call, failure);
        if (!isPromise(made)) return succeed(made);
        return within(
          made.then((value) => succeed(value), failed),
          { failure, timeoutMs, clock, call },
        );
      } catch (error) {
        return failed(error);
      }
    },
  };
}

interface Bound {
  readonly failure: Failure;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly call: Call;
}

/** The failure stands when the other answer takes too long or the caller goes away. */
function within(answer: Promise<Outcome>, bound: Bound): Promise<Outcome> {
  const { cancellation } = bound.call;
  return new Promise((resolve, reject) => {
    const giveUp = (): void => end(bound.failure);
    const timer = bound.clock.setTimer(bound.timeoutMs, giveUp);
    const end = (outcome: Outcome): void => {
      timer.cancel();
      cancellation.removeListener(giveUp);
      resolve(outcome);
    };
    // A deadline that has passed is a reason to fall back, not to stop doing so; only a later cancellation is.
    if (!cancellation.cancelled) cancellation.onCancel(giveUp);
    answer.then(end, reject);
  });
}

function fromCache(
  stale: { key: (call: Call) => string | undefined; maxEntries: number; maxAgeMs: number },
  clock: Clock,
): Instead {
  const cache = new StaleCache<unknown>(stale.maxEntries, stale.maxAgeMs);
  return {
    learn: (call, value) => {
      const key = stale.key(call);
      if (key !== undefined) cache.put(key, value, clock.now());
    },
    answer: (call, failure) => {
      const key = stale.key(call);
      const found = key === undefined ? undefined : cache.get(key, clock.now());
      return found === undefined ? failure : succeed(found.value);
    },
  };
}

const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
