import { ConfigError, MAX_TIMEOUT_MS, attributeKey, requireKnownKeys, type AttributeKey } from '@breakwater/core';

export interface DeadlineOptions {
  /** Total time of unary and client-streaming calls, in ms, 1 to 24 h; `null`: none. Default 5000. */
  readonly timeoutMs?: number | null | undefined;
  /** Total time of server-streaming and bidi calls, in ms, 1 to 24 h; `null`: none. Default `null`. */
  readonly streamTimeoutMs?: number | null | undefined;
}

export interface DeadlineSettings {
  readonly timeoutMs: number | null;
  readonly streamTimeoutMs: number | null;
}

export const DEADLINE_DEFAULTS: DeadlineSettings = Object.freeze({ timeoutMs: 5000, streamTimeoutMs: null });

/**
 * The timeout of one call, in ms; takes the place of the configured one, for streams too. `null`: none.
 * Set by the client's edge after `requireTimeoutMs`; the deadline inherited from an incoming call still binds.
 */
export const CALL_TIMEOUT_MS: AttributeKey<number | null> = attributeKey('call-timeout-ms');

/**
 * `value`, when it is a usable timeout: above zero and finite, or `null` for none. Lengths above 24 h are legal and
 * end up capped by `deadlineAfter`.
 * @throws ConfigError naming `field`
 */
export function requireTimeoutMs(field: string, value: unknown): number | null {
  if (value === null) return null;
  if (typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY) return value;
  throw new ConfigError(
    field,
    value,
    `a number of ms above 0 (more than ${MAX_TIMEOUT_MS} is capped), or null for none`,
  );
}

/** Validates and fills in. @throws ConfigError naming field, value and range */
export function resolveDeadline(options: DeadlineOptions = {}, field = 'deadline'): DeadlineSettings {
  requireKnownKeys(field, options, Object.keys(DEADLINE_DEFAULTS));
  const pick = (key: keyof DeadlineSettings): number | null =>
    options[key] === undefined ? DEADLINE_DEFAULTS[key] : requireTimeoutMs(`${field}.${key}`, options[key]);
  return Object.freeze({ timeoutMs: pick('timeoutMs'), streamTimeoutMs: pick('streamTimeoutMs') });
}
