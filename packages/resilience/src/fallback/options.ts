import {
  ConfigError,
  isCallerCode,
  requireKnownKeys,
  requireNumber,
  type Call,
  type Failure,
  type RpcKind,
  type Status,
} from '@breakwater/core';
import { COUNT, DURATION_MS } from '../internal/ranges.js';

/** Answers from the last good answer for the same key. */
export interface StaleOnError {
  /** What makes two calls ask the same; undefined: do not remember this one. */
  readonly key: (call: Call) => string | undefined;
  /** Answers kept, the least recently used goes first. Default 1000. */
  readonly maxEntries?: number | undefined;
  /** Older answers are no longer given, in ms. Default 60,000. */
  readonly maxAgeMs?: number | undefined;
}

/** Exactly one of `value`, `fn` and `staleOnError`. */
export interface FallbackOptions {
  /** The response message to give instead. */
  readonly value?: unknown;
  /**
   * Makes the response message to give instead; told why it was called. When it throws, the call's own failure stands,
   * with what was thrown as its cause.
   */
  readonly fn?: ((status: Status, call: Call, failure: Failure) => unknown) | undefined;
  readonly staleOnError?: StaleOnError | undefined;
  /** Which failures to cover. Default: all but those that blame the caller (INVALID_ARGUMENT, NOT_FOUND, CANCELLED, ...). */
  readonly when?: ((status: Status, call: Call) => boolean) | undefined;
  /** Which kinds of calls to cover; response streams cannot be. Default `unary`. */
  readonly kinds?: readonly RpcKind[] | undefined;
  /** Longest wait for an asynchronous `fn`, in ms. Default 1000. */
  readonly timeoutMs?: number | undefined;
}

export const FALLBACK_DEFAULTS = Object.freeze({
  kinds: Object.freeze(['unary'] as const),
  maxEntries: 1000,
  maxAgeMs: 60_000,
  timeoutMs: 1000,
});

export interface FallbackSettings {
  readonly source:
    | { readonly fn: NonNullable<FallbackOptions['fn']> }
    | { readonly stale: Required<StaleOnError> & { maxEntries: number; maxAgeMs: number } };
  readonly when: (status: Status, call: Call) => boolean;
  readonly kinds: readonly RpcKind[];
  readonly timeoutMs: number;
}

const SOURCES = ['value', 'fn', 'staleOnError'] as const;

/** Validates and fills in. @throws ConfigError naming field, value and range, or the rule that two settings break */
export function resolveFallback(options: FallbackOptions, field = 'fallback'): FallbackSettings {
  requireKnownKeys(field, options, [...SOURCES, 'when', 'kinds', 'timeoutMs']);
  const given = SOURCES.filter((one) => (one === 'value' ? 'value' in options : options[one] !== undefined));
  if (given.length !== 1) {
    const found = given.length === 0 ? 'none is set' : `${given.join(' and ')} are set`;
    throw ConfigError.rule(field, options, `${field} needs exactly one of ${SOURCES.join(', ')}, but ${found}`);
  }
  const { fn, when, staleOnError } = options;
  if (fn !== undefined && typeof fn !== 'function')
    throw new ConfigError(`${field}.fn`, fn, 'a function (status, call, failure) => response');
  if (when !== undefined && typeof when !== 'function')
    throw new ConfigError(`${field}.when`, when, 'a function (status, call) => boolean');
  const kinds = options.kinds ?? FALLBACK_DEFAULTS.kinds;
  for (const kind of kinds) {
    if (kind !== 'unary' && kind !== 'client_stream') {
      throw new ConfigError(
        `${field}.kinds`,
        kind,
        "'unary' or 'client_stream': a response stream may have begun already and cannot be replaced",
      );
    }
  }
  const value = options.value;
  return Object.freeze({
    source:
      staleOnError === undefined
        ? { fn: fn ?? (() => value) }
        : { stale: resolveStale(staleOnError, `${field}.staleOnError`) },
    when: when ?? ((status: Status) => !isCallerCode(status.code)),
    kinds: Object.freeze([...kinds]),
    timeoutMs: requireNumber(`${field}.timeoutMs`, options.timeoutMs ?? FALLBACK_DEFAULTS.timeoutMs, DURATION_MS),
  });
}

function resolveStale(
  options: StaleOnError,
  field: string,
): Required<StaleOnError> & { maxEntries: number; maxAgeMs: number } {
  requireKnownKeys(field, options, ['key', 'maxEntries', 'maxAgeMs']);
  if (typeof options.key !== 'function')
    throw new ConfigError(`${field}.key`, options.key, 'a function of the call that gives a string');
  return Object.freeze({
    key: options.key,
    maxEntries: requireNumber(`${field}.maxEntries`, options.maxEntries ?? FALLBACK_DEFAULTS.maxEntries, COUNT),
    maxAgeMs: requireNumber(`${field}.maxAgeMs`, options.maxAgeMs ?? FALLBACK_DEFAULTS.maxAgeMs, DURATION_MS),
  });
}
