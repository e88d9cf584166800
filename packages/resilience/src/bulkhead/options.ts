import { ConfigError, requireKnownKeys, requireNumber } from '@breakwater/core';
import { COUNT, COUNT_OR_NONE, DURATION_MS } from '../internal/ranges.js';

export interface BulkheadOptions {
  /** Unary and client-streaming calls in flight at a time. Default 1024. */
  readonly maxInFlight?: number | undefined;
  /** Server-streaming and bidi calls in flight at a time, counted apart. Default 1024. */
  readonly maxStreams?: number | undefined;
  /** Calls that may wait for a place, of each of the two kinds. Default 0: a full bulkhead rejects at once. */
  readonly queue?: number | undefined;
  /** Longest wait, in ms. Default: none but the call's deadline. Needs `queue`. */
  readonly queueTimeoutMs?: number | undefined;
  /** What a rejection tells the caller to wait, in ms: when a place gets free is not known. Default 100. */
  readonly retryAfterMs?: number | undefined;
}

export interface BulkheadSettings {
  readonly maxInFlight: number;
  readonly maxStreams: number;
  readonly queue: number;
  readonly queueTimeoutMs: number | undefined;
  readonly retryAfterMs: number;
}

export const BULKHEAD_DEFAULTS: BulkheadSettings = Object.freeze({
  maxInFlight: 1024,
  maxStreams: 1024,
  queue: 0,
  queueTimeoutMs: undefined,
  retryAfterMs: 100,
});

/** Validates and fills in. @throws ConfigError naming field, value and range */
export function resolveBulkhead(options: BulkheadOptions = {}, field = 'bulkhead'): BulkheadSettings {
  requireKnownKeys(field, options, Object.keys(BULKHEAD_DEFAULTS));
  const number = (key: keyof BulkheadSettings, range: Parameters<typeof requireNumber>[2]): number =>
    requireNumber(`${field}.${key}`, options[key] ?? BULKHEAD_DEFAULTS[key], range);
  const queue = number('queue', COUNT_OR_NONE);
  if (options.queueTimeoutMs !== undefined && queue === 0) {
    const rule = `${field}.queueTimeoutMs is ${options.queueTimeoutMs}, but ${field}.queue is 0: without a queue nothing waits`;
    throw ConfigError.rule(`${field}.queueTimeoutMs`, options.queueTimeoutMs, rule);
  }
  return Object.freeze({
    maxInFlight: number('maxInFlight', COUNT),
    maxStreams: number('maxStreams', COUNT),
    queue,
    queueTimeoutMs: options.queueTimeoutMs === undefined ? undefined : number('queueTimeoutMs', DURATION_MS),
    retryAfterMs: number('retryAfterMs', DURATION_MS),
  });
}
