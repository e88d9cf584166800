import { Code, MAX_TIMEOUT_MS, fail, type Around, type Call, type Runtime, type Status } from '@breakwater/core';
import { reportRejection } from '../internal/report.js';
import type { Pace } from './pace.js';

const POLICY = 'pace';

/**
 * Lets each call wait for its turn and keeps the turn until the outcome. Waiting ends at the call's deadline
 * (DEADLINE_EXCEEDED, reason `PACE_TIMEOUT`), on cancellation, or at once when the queue is full (RESOURCE_EXHAUSTED,
 * reason `PACE_FULL`); the leaf is not called then.
 *
 * Order: below `retry`, so that every attempt waits for its turn.
 * @param priorityOf 0 (most urgent) to 9. Default: 5 for all
 */
export function paced(pace: Pace, runtime: Runtime, priorityOf?: (call: Call) => number): Around {
  const refuse = (call: Call, status: Status): ReturnType<typeof fail> => {
    reportRejection(runtime.events, POLICY, call, status);
    return fail(status);
  };
  return (next) => async (call) => {
    const leftMs = call.deadline - runtime.clock.now();
    if (leftMs <= 0) return refuse(call, EXPIRED);
    const timeoutMs = leftMs === Number.POSITIVE_INFINITY ? undefined : Math.min(Math.max(leftMs, 1), MAX_TIMEOUT_MS);
    if (runtime.events.listening && pace.waiting > 0) {
      runtime.events.emit({ type: 'queued', policy: POLICY, call, depth: pace.waiting + 1 });
    }
    const turn = await pace.turn({ priority: priorityOf?.(call), timeoutMs, cancellation: call.cancellation });
    if (!turn.granted) return refuse(call, turn.status);
    try {
      const now = runtime.clock.now();
      return call.deadline <= now ? refuse(call, EXPIRED) : await next({ ...call, now });
    } finally {
      turn.release();
    }
  };
}

const EXPIRED: Status = Object.freeze({
  code: Code.DEADLINE_EXCEEDED,
  reason: 'PACE_TIMEOUT',
  details: 'the deadline passed while the call waited for its turn',
  origin: 'local',
  source: POLICY,
});
