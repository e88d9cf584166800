import {
  Code,
  ConfigError,
  attributeKey,
  codeFromName,
  requireKnownKeys,
  requireNumber,
  type AttributeKey,
  type CodeName,
} from '@breakwater/core';
import { COUNT_OR_NONE, DURATION_MS } from '../internal/ranges.js';
import type { RetryBudget } from './retry-budget.js';

export interface RetryOptions {
  /** Attempts in all, the first included, 1 to 10; 1 turns retries off. Default 3. */
  readonly maxAttempts?: number | undefined;
  /** Wait before the first retry, in ms, before jitter. Default 50. */
  readonly initialBackoffMs?: number | undefined;
  /** Each wait is this many times the one before, 1 to 10. Default 2. */
  readonly backoffMultiplier?: number | undefined;
  /** No wait is longer, before jitter, in ms. Default 1000. */
  readonly maxBackoffMs?: number | undefined;
  /** Codes worth another attempt, as numbers or names. Default UNAVAILABLE. */
  readonly retryableCodes?: readonly (Code | CodeName)[] | undefined;
  /** Messages of a request stream kept for replay, 0 to 1,000,000; one more commits the call to its attempt. Default 64. */
  readonly replayBufferMessages?: number | undefined;
  /** Shared by every call to a target. Default: a budget of the policy's own, with default settings. */
  readonly budget?: RetryBudget | undefined;
}

export interface RetrySettings {
  readonly maxAttempts: number;
  readonly initialBackoffMs: number;
  readonly backoffMultiplier: number;
  readonly maxBackoffMs: number;
  readonly retryableCodes: readonly Code[];
  readonly replayBufferMessages: number;
}

export const RETRY_DEFAULTS: RetrySettings = Object.freeze({
  maxAttempts: 3,
  initialBackoffMs: 50,
  backoffMultiplier: 2,
  maxBackoffMs: 1000,
  retryableCodes: Object.freeze([Code.UNAVAILABLE]),
  replayBufferMessages: 64,
});

/** Range of `maxAttempts`. gRPC clients cap it at 5; ten leaves room where a wait for a restart is wanted. */
export const MAX_ATTEMPTS_RANGE = Object.freeze({ min: 1, max: 10, integer: true });

/**
 * Attempts that one call may have; takes the place of the configured number. 1 is how a handler that serves a retried call
 * keeps its own calls from being retried again (chain stop).
 */
export const CALL_MAX_ATTEMPTS: AttributeKey<number> = attributeKey('call-max-attempts');

/** Validates and fills in. @throws ConfigError naming field, value and range */
export function resolveRetry(options: RetryOptions = {}, field = 'retry'): RetrySettings {
  requireKnownKeys(field, options, [...Object.keys(RETRY_DEFAULTS), 'budget']);
  const number = (
    key: Exclude<keyof RetrySettings, 'retryableCodes'>,
    range: Parameters<typeof requireNumber>[2],
  ): number => requireNumber(`${field}.${key}`, options[key] ?? RETRY_DEFAULTS[key], range);
  const initialBackoffMs = number('initialBackoffMs', DURATION_MS);
  // A longer first wait that stands alone lifts the ceiling with it; a ceiling below the first wait is a contradiction.
  const maxBackoffMs =
    options.maxBackoffMs === undefined
      ? Math.max(RETRY_DEFAULTS.maxBackoffMs, initialBackoffMs)
      : number('maxBackoffMs', DURATION_MS);
  if (maxBackoffMs < initialBackoffMs) {
    const rule = `${field}.maxBackoffMs is ${maxBackoffMs}, but must be at least ${field}.initialBackoffMs (${initialBackoffMs})`;
    throw ConfigError.rule(`${field}.maxBackoffMs`, maxBackoffMs, rule);
  }
  return Object.freeze({
    maxAttempts: number('maxAttempts', MAX_ATTEMPTS_RANGE),
    initialBackoffMs,
    backoffMultiplier: number('backoffMultiplier', { min: 1, max: 10 }),
    maxBackoffMs,
    retryableCodes: resolveCodes(`${field}.retryableCodes`, options.retryableCodes ?? RETRY_DEFAULTS.retryableCodes),
    replayBufferMessages: number('replayBufferMessages', COUNT_OR_NONE),
  });
}

function resolveCodes(field: string, given: unknown): readonly Code[] {
  if (!Array.isArray(given)) throw new ConfigError(field, given, 'a list of status codes');
  const codes = given.map((one: unknown, index) => {
    const code =
      typeof one === 'string'
        ? codeFromName(one)
        : typeof one === 'number' && Code[one] !== undefined
          ? (one as Code)
          : undefined;
    if (code === undefined || code === Code.OK) {
      throw new ConfigError(`${field}[${index}]`, one, 'a gRPC status code other than OK, as number or name');
    }
    return code;
  });
  return Object.freeze(codes);
}
