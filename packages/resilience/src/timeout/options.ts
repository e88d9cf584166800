import { ConfigError, requireKnownKeys, requireNumber } from '@breakwater/core';
import { DURATION_MS } from '../internal/ranges.js';

export interface TimeoutOptions {
  /** In ms, 1 to 24 h. No default: the policy is off until it is configured. */
  readonly timeoutMs: number;
}

/** Validates. @throws ConfigError naming field, value and range */
export function resolveTimeout(options: TimeoutOptions, field: string): TimeoutOptions {
  requireKnownKeys(field, options, ['timeoutMs']);
  return Object.freeze({ timeoutMs: requireNumber(`${field}.timeoutMs`, options.timeoutMs, DURATION_MS) });
}

/**
 * An attempt timeout that is not shorter than the total can never act.
 * @param totalMs null when there is no total
 * @throws ConfigError when it is not shorter
 */
export function requireAttemptBelowTotal(field: string, attemptMs: number, totalMs: number | null): void {
  if (totalMs === null || attemptMs < totalMs) return;
  const rule = `${field} is ${attemptMs}, but must be shorter than the total timeout of ${totalMs} ms, or no second attempt could follow it`;
  throw ConfigError.rule(field, attemptMs, rule);
}
