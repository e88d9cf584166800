import {
  ADMITTED,
  Code,
  ConfigError,
  rejection,
  requireKnownKeys,
  requireNumber,
  type Call,
  type Guard,
  type Runtime,
} from '@breakwater/core';
import { COUNT } from '../internal/ranges.js';
import { reportRejection } from '../internal/report.js';
import { KeyedLimiter } from './keyed-limiter.js';
import { TokenBucket, resolveRate } from './token-bucket.js';

const POLICY = 'rate-limit';

export interface RateLimitOptions {
  /** Sustained calls per second, 0.001 to 1,000,000. No default: the policy is off until it is configured. */
  readonly perSecond: number;
  /** Calls that may come at once. Default: what one second brings, at least 1. */
  readonly burst?: number | undefined;
  /** Limits each key by itself: a tenant, a method. Default: one limit for all. */
  readonly key?: ((call: Call) => string) | undefined;
  /** Keys remembered; further ones share one limit until others have been idle. Default 10,000. Needs `key`. */
  readonly maxKeys?: number | undefined;
}

export interface RateLimitSettings {
  readonly perSecond: number;
  readonly burst: number;
  readonly key: ((call: Call) => string) | undefined;
  readonly maxKeys: number;
}

export const RATE_LIMIT_DEFAULTS = Object.freeze({ maxKeys: 10_000 });

/** Validates and fills in. @throws ConfigError naming field, value and range */
export function resolveRateLimit(options: RateLimitOptions, field = 'rateLimit'): RateLimitSettings {
  requireKnownKeys(field, options, ['perSecond', 'burst', 'key', 'maxKeys']);
  const { perSecond, key, maxKeys } = options;
  const derived = typeof perSecond === 'number' ? Math.min(Math.max(1, Math.ceil(perSecond)), 1_000_000) : 1;
  const rate = resolveRate({ perSecond, burst: options.burst ?? derived }, field);
  if (key !== undefined && typeof key !== 'function')
    throw new ConfigError(`${field}.key`, key, 'a function of the call that gives a string');
  if (key === undefined && maxKeys !== undefined) {
    throw ConfigError.rule(
      `${field}.maxKeys`,
      maxKeys,
      `${field}.maxKeys is set without ${field}.key, but without keys there are none to bound`,
    );
  }
  return Object.freeze({
    ...rate,
    key,
    maxKeys: requireNumber(`${field}.maxKeys`, maxKeys ?? RATE_LIMIT_DEFAULTS.maxKeys, COUNT),
  });
}

/**
 * Rejects what comes faster than the rate, at once: RESOURCE_EXHAUSTED, reason `RATE_LIMITED`, with the exact
 * `retryAfterMs`. Never queues (see `pace` for that) and owns no timer.
 *
 * Order: client side below `circuitBreaker`, so that attempts are what is counted; server side below `concurrencyLimit`.
 * @throws ConfigError for settings out of range
 */
export function rateLimit(options: RateLimitOptions, runtime: Runtime): Guard {
  const { key, maxKeys, perSecond, burst } = resolveRateLimit(options);
  const take = takerOf({ perSecond, burst }, key, maxKeys, runtime);
  return {
    name: POLICY,
    admit: (call) => {
      const retryAfterMs = take(call);
      if (retryAfterMs === 0) return ADMITTED;
      const refused = rejection(
        POLICY,
        Code.RESOURCE_EXHAUSTED,
        'RATE_LIMITED',
        `more than ${perSecond} calls per second`,
        retryAfterMs,
      );
      reportRejection(runtime.events, POLICY, call, refused.status);
      return refused;
    },
  };
}

function takerOf(
  rate: { readonly perSecond: number; readonly burst: number },
  key: RateLimitSettings['key'],
  maxKeys: number,
  runtime: Runtime,
): (call: Call) => number {
  if (key === undefined) {
    const bucket = new TokenBucket(rate, runtime.clock.now());
    return (call) => bucket.tryTake(call.now);
  }
  const limiter = new KeyedLimiter(rate, maxKeys);
  return (call) => limiter.tryTake(key(call), call.now);
}
