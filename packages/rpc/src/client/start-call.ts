import type { Call, Handler, ResponseSink, Runtime } from '@breakwater/core';
import {
  Attributes,
  ConfigError,
  deadlineAfter,
  Metadata,
  requireKnownKeys,
  requireNumber,
  requireOneOf,
  streamsRequest,
} from '@breakwater/core';
import { CALL_MAX_ATTEMPTS, CALL_TIMEOUT_MS, MAX_ATTEMPTS_RANGE, requireTimeoutMs } from '@breakwater/resilience';
import { type Ambient, currentContext } from '../context/propagation.js';
import type { Method } from '../method/method.js';
import { COMPRESSION } from '../transport/transport.js';
import { callCancellation } from './call-cancellation.js';
import {
  CALL_CREDENTIALS,
  CALL_OPTION_KEYS,
  type CallOptions,
  type OwnedCancellation,
  WAIT_FOR_READY,
} from './options.js';

/** A method ready to be called: its stack composed over a channel. */
export interface BoundMethod {
  readonly method: Method;
  readonly handler: Handler;
  /** As the application named it. */
  readonly target: string;
  readonly runtime: Runtime;
}

/** The three places where a call's messages live; which are set depends on its kind. */
export interface CallMessages {
  readonly request?: unknown;
  readonly requests?: AsyncIterable<unknown> | undefined;
  readonly responses?: ResponseSink | undefined;
}

/** A call and what must be released when it is over. */
export interface StartedCall extends OwnedCancellation {
  readonly call: Call;
}

const NO_OPTIONS: CallOptions = Object.freeze({});

/**
 * Builds the call that enters the stack: deadline, cancellation, trace and request id are inherited from the incoming
 * call, then narrowed by `options`.
 * @param own whether the edge itself may cancel the call (response streams)
 * @throws ConfigError for options that make no sense and a request stream that is none; nothing is left behind then
 */
export function startCall(
  bound: BoundMethod,
  messages: CallMessages,
  options: CallOptions = NO_OPTIONS,
  own = false,
): StartedCall {
  const { method, runtime } = bound;
  const ambient = options.parent === null ? undefined : (options.parent ?? currentContext());
  const now = runtime.clock.now();
  const plain = options === NO_OPTIONS;
  if (!plain) checkOptions(options);
  if (streamsRequest(method)) requireStream(method, messages.requests);
  const timeoutMs = plain ? undefined : ownTimeout(options, runtime);
  const metadata = metadataOf(options, ambient?.propagated);
  const attributes = attributesOf(options, timeoutMs, ambient);
  // Last: it is the one thing that must be released.
  const owned = callCancellation(ambient?.cancellation, options.signal, own);
  const call: Call = {
    operation: method,
    target: bound.target,
    deadline: Math.min(
      ambient?.deadline ?? Number.POSITIVE_INFINITY,
      deadlineAfter(now, timeoutMs ?? Number.POSITIVE_INFINITY),
    ),
    now,
    metadata,
    request: messages.request,
    requests: messages.requests,
    responses: messages.responses,
    cancellation: owned.cancellation,
    attempt: 1,
    attributes,
    tried: NONE_TRIED,
  };
  return { call, cancellation: owned.cancellation, release: owned.release };
}

const NONE_TRIED: readonly string[] = Object.freeze([]);

function checkOptions(options: CallOptions): void {
  requireKnownKeys('call options', options, CALL_OPTION_KEYS);
  const { signal, compression, parent } = options;
  if (signal !== undefined && typeof (signal as Partial<AbortSignal>).addEventListener !== 'function')
    throw new ConfigError('call options.signal', signal, 'an AbortSignal (the `signal` of an AbortController)');
  if (compression !== undefined) requireOneOf('call options.compression', compression, ['identity', 'gzip', 'deflate']);
  if (parent !== undefined && parent !== null && (parent as Partial<Ambient>).cancellation === undefined)
    throw new ConfigError('call options.parent', parent, 'the context of a handler, or null');
  for (const name of ['credentials', 'onHeaders', 'onTrailers'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'function')
      throw new ConfigError(`call options.${name}`, options[name], 'a function');
  }
}

function requireStream(method: Method, requests: unknown): void {
  const given = requests as Partial<AsyncIterable<unknown>> | null | undefined;
  if (typeof given?.[Symbol.asyncIterator] === 'function') return;
  throw new ConfigError(
    `the request stream of ${method.path}`,
    requests,
    'an async iterable, such as what an async generator gives (for an array: Readable.from(array) of node:stream)',
  );
}

/** @returns ms; null for "none", undefined when the caller says nothing of it */
function ownTimeout(options: CallOptions, runtime: Runtime): number | null | undefined {
  const timeoutMs =
    options.timeoutMs === undefined ? undefined : requireTimeoutMs('call options.timeoutMs', options.timeoutMs);
  if (options.deadline === undefined) return timeoutMs;
  const at = Number(options.deadline);
  if (Number.isNaN(at)) throw new ConfigError('call options.deadline', options.deadline, 'a valid Date');
  return Math.min(timeoutMs ?? Number.POSITIVE_INFINITY, at - runtime.clock.wallNow());
}

function metadataOf(options: CallOptions, propagated: Metadata | undefined): Metadata {
  const own = options.metadata === undefined ? Metadata.EMPTY : Metadata.of(options.metadata);
  if (propagated === undefined) return own;
  if (own === Metadata.EMPTY) return propagated;
  let inherited = propagated;
  for (const [key] of propagated) if (own.has(key)) inherited = inherited.without(key);
  return inherited.merge(own);
}

/** @param timeoutMs the caller's own limit, which takes the place of the stack's default */
function attributesOf(
  options: CallOptions,
  timeoutMs: number | null | undefined,
  ambient: Ambient | undefined,
): Attributes {
  let attributes = Attributes.EMPTY;
  if (timeoutMs !== undefined) attributes = attributes.with(CALL_TIMEOUT_MS, timeoutMs);
  if (options.waitForReady === true) attributes = attributes.with(WAIT_FOR_READY, true);
  if (options.compression !== undefined) attributes = attributes.with(COMPRESSION, options.compression);
  if (options.credentials !== undefined) attributes = attributes.with(CALL_CREDENTIALS, options.credentials);
  const maxAttempts =
    options.maxAttempts === undefined
      ? undefined
      : requireNumber('call options.maxAttempts', options.maxAttempts, MAX_ATTEMPTS_RANGE);
  // Chain stop: layers that each retry multiply; the one that has begun goes on alone.
  const limit = ambient?.retried === true ? 1 : maxAttempts;
  return limit === undefined ? attributes : attributes.with(CALL_MAX_ATTEMPTS, limit);
}
