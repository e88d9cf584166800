import { ConfigError, requireKnownKeys, requireNumber } from '@breakwater/core';
import { COUNT, DURATION_MS } from '../internal/ranges.js';

export interface PaceOptions {
  /** Starts per second, evenly spaced, 0.001 to 1000. Not together with `minTimeMs`. */
  readonly perSecond?: number | undefined;
  /** Least time between two starts, in ms. */
  readonly minTimeMs?: number | undefined;
  /** Work in progress at a time. Default: no limit. */
  readonly maxConcurrent?: number | undefined;
  /** Work that may wait. Default 1000. */
  readonly queue?: number | undefined;
}

export interface PaceSettings {
  readonly minTimeMs: number;
  readonly maxConcurrent: number | undefined;
  readonly queue: number;
}

export const PACE_DEFAULTS = Object.freeze({ queue: 1000, priority: 5 });

/** Validates and fills in. @throws ConfigError naming field, value and range, or the rule that two settings break */
export function resolvePace(options: PaceOptions, field = 'pace'): PaceSettings {
  requireKnownKeys(field, options, ['perSecond', 'minTimeMs', 'maxConcurrent', 'queue']);
  const { maxConcurrent, minTimeMs, perSecond } = options;
  if (perSecond !== undefined && minTimeMs !== undefined) {
    const rule = `${field}.perSecond and ${field}.minTimeMs are both set, but each says the same in its way: remove one`;
    throw ConfigError.rule(`${field}.perSecond`, perSecond, rule);
  }
  if (perSecond === undefined && minTimeMs === undefined && maxConcurrent === undefined) {
    throw ConfigError.rule(
      field,
      options,
      `${field} needs perSecond, minTimeMs or maxConcurrent, or there is nothing to pace`,
    );
  }
  const spacing =
    perSecond === undefined ? 0 : 1000 / requireNumber(`${field}.perSecond`, perSecond, { min: 0.001, max: 1000 });
  return Object.freeze({
    minTimeMs: minTimeMs === undefined ? spacing : requireNumber(`${field}.minTimeMs`, minTimeMs, DURATION_MS),
    maxConcurrent:
      maxConcurrent === undefined ? undefined : requireNumber(`${field}.maxConcurrent`, maxConcurrent, COUNT),
    queue: requireNumber(`${field}.queue`, options.queue ?? PACE_DEFAULTS.queue, COUNT),
  });
}
