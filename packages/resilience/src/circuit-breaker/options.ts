import { ConfigError, requireKnownKeys, requireNumber } from '@breakwater/core';
import { DURATION_MS } from '../internal/ranges.js';

export interface CircuitBreakerOptions {
  /** Trips when at least this part of the calls in the window failed, above 0 to 1. Default 0.5. */
  readonly failureRatio?: number | undefined;
  /** No verdict over fewer calls. Default 20, or `windowCalls` when that is less. */
  readonly minimumCalls?: number | undefined;
  /** Length of the sliding window, in ms, in ten buckets. Default 10,000. Not together with `windowCalls`. */
  readonly windowMs?: number | undefined;
  /** Judges the last so many calls instead of a length of time. Default: off. */
  readonly windowCalls?: number | undefined;
  /** How long an open breaker rejects before it lets probes through, in ms. Default 1000. */
  readonly openMs?: number | undefined;
  /** Calls let through while half-open, all of which must succeed. Default 1. */
  readonly halfOpenProbes?: number | undefined;
  /** After this long without a verdict a probe's place goes to another call, in ms. Default 10,000. */
  readonly probeLeaseMs?: number | undefined;
  /** Trips also when at least this part of the calls was slow, above 0 to 1. Default: off. Needs `slowCallMs`. */
  readonly slowCallRatio?: number | undefined;
  /** A call that took at least this long is slow, in ms; of a response stream the time to its first message counts. */
  readonly slowCallMs?: number | undefined;
}

export interface CircuitBreakerSettings {
  readonly failureRatio: number;
  readonly minimumCalls: number;
  readonly windowMs: number | undefined;
  readonly windowCalls: number | undefined;
  readonly openMs: number;
  readonly halfOpenProbes: number;
  readonly probeLeaseMs: number;
  readonly slowCallRatio: number | undefined;
  readonly slowCallMs: number | undefined;
}

export const CIRCUIT_BREAKER_DEFAULTS: CircuitBreakerSettings = Object.freeze({
  failureRatio: 0.5,
  minimumCalls: 20,
  windowMs: 10_000,
  windowCalls: undefined,
  openMs: 1000,
  halfOpenProbes: 1,
  probeLeaseMs: 10_000,
  slowCallRatio: undefined,
  slowCallMs: undefined,
});

const WINDOW_CALLS = Object.freeze({ min: 1, max: 100_000, integer: true });

/** Validates and fills in. @throws ConfigError naming field, value and range, or the rule that two settings break */
export function resolveCircuitBreaker(
  options: CircuitBreakerOptions = {},
  field = 'circuitBreaker',
): CircuitBreakerSettings {
  requireKnownKeys(field, options, Object.keys(CIRCUIT_BREAKER_DEFAULTS));
  const { windowCalls } = options;
  if (windowCalls !== undefined && options.windowMs !== undefined) {
    const rule = `${field}.windowCalls and ${field}.windowMs are both set, but a window is counted in calls or in time: remove one`;
    throw ConfigError.rule(`${field}.windowCalls`, windowCalls, rule);
  }
  if ((options.slowCallRatio === undefined) !== (options.slowCallMs === undefined)) {
    const [given, missing] =
      options.slowCallMs === undefined ? ['slowCallRatio', 'slowCallMs'] : ['slowCallMs', 'slowCallRatio'];
    const rule = `${field}.${given} is set without ${field}.${missing}, but slow calls are judged only when both are set`;
    throw ConfigError.rule(`${field}.${given}`, options[given as 'slowCallMs'], rule);
  }
  const number = (key: keyof CircuitBreakerSettings, range: Parameters<typeof requireNumber>[2]): number =>
    requireNumber(`${field}.${key}`, options[key] ?? CIRCUIT_BREAKER_DEFAULTS[key], range);
  const ratio = { min: 0.001, max: 1 };
  const minimumCalls =
    options.minimumCalls === undefined && windowCalls !== undefined
      ? Math.min(CIRCUIT_BREAKER_DEFAULTS.minimumCalls, number('windowCalls', WINDOW_CALLS))
      : number('minimumCalls', WINDOW_CALLS);
  if (windowCalls !== undefined && minimumCalls > windowCalls) {
    const rule = `${field}.minimumCalls is ${minimumCalls}, but must be at most ${field}.windowCalls (${windowCalls}), or it can never trip`;
    throw ConfigError.rule(`${field}.minimumCalls`, minimumCalls, rule);
  }
  return Object.freeze({
    failureRatio: number('failureRatio', ratio),
    minimumCalls,
    windowMs: windowCalls === undefined ? number('windowMs', DURATION_MS) : undefined,
    windowCalls: windowCalls === undefined ? undefined : number('windowCalls', WINDOW_CALLS),
    openMs: number('openMs', DURATION_MS),
    halfOpenProbes: number('halfOpenProbes', { min: 1, max: 1000, integer: true }),
    probeLeaseMs: number('probeLeaseMs', DURATION_MS),
    slowCallRatio: options.slowCallRatio === undefined ? undefined : number('slowCallRatio', ratio),
    slowCallMs: options.slowCallMs === undefined ? undefined : number('slowCallMs', DURATION_MS),
  });
}
