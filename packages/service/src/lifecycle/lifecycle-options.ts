import { ConfigError, requireKnownKeys, requireNumber } from '@breakwater/core';

/** How a service ends. All in ms. */
export interface LifecycleOptions {
  /** Between leaving the registry and refusing calls: clients have to hear of it. Default 1,000; 0 without a registry. */
  readonly propagationWaitMs?: number | undefined;
  /** Calls in flight may then take this long. Default 10,000. */
  readonly drainTimeoutMs?: number | undefined;
  /** Response streams may take this long, then they end with UNAVAILABLE, reason DRAINING. Default 2,000. */
  readonly streamGraceMs?: number | undefined;
  /** A handler may go on this long after its call was cancelled; then its place is given to others. Default 5,000. */
  readonly abandonHandlerAfterMs?: number | undefined;
}

export interface LifecycleSettings {
  readonly propagationWaitMs: number;
  readonly drainTimeoutMs: number;
  readonly streamGraceMs: number;
  readonly abandonHandlerAfterMs: number;
}

export const LIFECYCLE_DEFAULTS: LifecycleSettings = Object.freeze({
  propagationWaitMs: 1000,
  drainTimeoutMs: 10_000,
  streamGraceMs: 2000,
  abandonHandlerAfterMs: 5000,
});

const WAIT = { min: 0, max: 3_600_000 };

/** Fills in and checks. @throws ConfigError naming field, value and range */
export function resolveLifecycle(options: LifecycleOptions = {}, field = 'lifecycle'): LifecycleSettings {
  requireKnownKeys(field, options, Object.keys(LIFECYCLE_DEFAULTS));
  const settings: { -readonly [K in keyof LifecycleSettings]: number } = { ...LIFECYCLE_DEFAULTS };
  for (const key of Object.keys(LIFECYCLE_DEFAULTS) as (keyof LifecycleSettings)[]) {
    const given = options[key];
    if (given !== undefined) settings[key] = requireNumber(`${field}.${key}`, given, WAIT);
  }
  if (options.streamGraceMs === undefined)
    settings.streamGraceMs = Math.min(settings.streamGraceMs, settings.drainTimeoutMs);
  if (settings.streamGraceMs > settings.drainTimeoutMs) {
    const rule = `${field}.streamGraceMs is ${settings.streamGraceMs}, but must be at most ${field}.drainTimeoutMs (${settings.drainTimeoutMs})`;
    throw ConfigError.rule(`${field}.streamGraceMs`, settings.streamGraceMs, rule);
  }
  return Object.freeze(settings);
}
