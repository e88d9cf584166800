import {
  ADMITTED,
  Code,
  rejection,
  streamsResponse,
  type Call,
  type FrameworkReason,
  type Guard,
  type Policy,
  type Rejection,
  type Runtime,
} from '@breakwater/core';
import { reportRejection } from '../internal/report.js';
import { Bulkhead } from './bulkhead.js';
import { resolveBulkhead, type BulkheadOptions } from './options.js';
import { queueing } from './queueing.js';

/** The policy, with its mechanisms at hand: `calls` for single responses, `streams` for response streams. */
export type BulkheadPolicy = Policy & { readonly calls: Bulkhead; readonly streams: Bulkhead };

/**
 * Bounds what one target can hold of this process: at most `maxInFlight` calls and `maxStreams` response streams at a
 * time. What does not fit, nor into the queue, is rejected: RESOURCE_EXHAUSTED, reason `BULKHEAD_FULL` (streams:
 * `STREAM_LIMITED`), with `retryAfterMs`. Waiters are served in order and leave at their deadline (DEADLINE_EXCEEDED,
 * reason `BULKHEAD_TIMEOUT`), after `queueTimeoutMs` (RESOURCE_EXHAUSTED, `BULKHEAD_TIMEOUT`) or when cancelled.
 *
 * Order: above `retry`, so that a waiting retry keeps its place and a logical call counts once.
 * @throws ConfigError for settings out of range
 * @see gRFC A32 (1,024 in flight per cluster)
 */
export const bulkhead = (options: BulkheadOptions, runtime: Runtime): BulkheadPolicy =>
  limit(resolveBulkhead(options), runtime, { policy: 'bulkhead', full: 'BULKHEAD_FULL' });

/**
 * The same mechanism on the server: at most `maxInFlight` handlers at a time, `maxStreams` of them streaming.
 * RESOURCE_EXHAUSTED, reason `CONCURRENCY_LIMITED` (streams: `STREAM_LIMITED`), with `retryAfterMs`.
 *
 * Order: below `deadline`, above everything that costs work.
 * @throws ConfigError for settings out of range
 */
export const concurrencyLimit = (options: BulkheadOptions, runtime: Runtime): BulkheadPolicy =>
  limit(resolveBulkhead(options, 'concurrencyLimit'), runtime, {
    policy: 'concurrency-limit',
    full: 'CONCURRENCY_LIMITED',
  });

interface Naming {
  readonly policy: string;
  readonly full: FrameworkReason;
}

function limit(settings: ReturnType<typeof resolveBulkhead>, runtime: Runtime, naming: Naming): BulkheadPolicy {
  const calls = new Bulkhead(settings.maxInFlight, settings.queue);
  const streams = new Bulkhead(settings.maxStreams, settings.queue);
  const bulkheadOf = (call: Call): Bulkhead => (streamsResponse(call.operation) ? streams : calls);

  const full = (call: Call): Rejection => {
    const isStream = streamsResponse(call.operation);
    const details = isStream
      ? `${settings.maxStreams} streams are in flight`
      : `${settings.maxInFlight} calls are in flight`;
    const reason = isStream ? 'STREAM_LIMITED' : naming.full;
    const refused = rejection(naming.policy, Code.RESOURCE_EXHAUSTED, reason, details, settings.retryAfterMs);
    reportRejection(runtime.events, naming.policy, call, refused.status);
    return refused;
  };

  if (settings.queue > 0) {
    return Object.assign(queueing({ settings, runtime, policy: naming.policy, bulkheadOf, full }), { calls, streams });
  }
  const guard: Guard = {
    name: naming.policy,
    admit: (call) => (bulkheadOf(call).tryAcquire() ? ADMITTED : full(call)),
    settle: (call) => bulkheadOf(call).release(),
  };
  return Object.assign(guard, { calls, streams });
}
