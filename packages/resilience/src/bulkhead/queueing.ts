import {
  Code,
  fail,
  type Around,
  type Call,
  type Failure,
  type Handler,
  type Outcome,
  type Rejection,
  type Runtime,
  type Status,
  type Timer,
} from '@breakwater/core';
import { reportRejection } from '../internal/report.js';
import type { Bulkhead, Waiter } from './bulkhead.js';
import type { BulkheadSettings } from './options.js';

/** What the queueing form needs of the policy it belongs to. */
export interface Queueing {
  readonly settings: BulkheadSettings;
  readonly runtime: Runtime;
  readonly policy: string;
  readonly bulkheadOf: (call: Call) => Bulkhead;
  readonly full: (call: Call) => Rejection;
}

/** The bulkhead whose calls may wait. A timer is owned only while a call does. */
export function queueing(queue: Queueing): Around {
  const { bulkheadOf, full } = queue;
  return (next) => (call) => {
    const bulkhead = bulkheadOf(call);
    if (bulkhead.tryAcquire()) return held(bulkhead, next, call);
    if (call.cancellation.status !== undefined) return Promise.resolve(fail(call.cancellation.status));
    return waiting(queue, bulkhead, next, call) ?? Promise.resolve(fail(full(call).status));
  };
}

async function held(bulkhead: Bulkhead, next: Handler, call: Call): Promise<Outcome> {
  try {
    return await next(call);
  } finally {
    bulkhead.release();
  }
}

/** @returns undefined when the queue is full */
function waiting(queue: Queueing, bulkhead: Bulkhead, next: Handler, call: Call): Promise<Outcome> | undefined {
  const { policy, runtime, settings } = queue;
  const { clock, events } = runtime;
  let timer: Timer | undefined;
  let settle: (outcome: Promise<Outcome> | Failure) => void = () => {};

  const stopWaiting = (): void => {
    timer?.cancel();
    call.cancellation.removeListener(onCancel);
  };
  const leaveWith = (status: Status): void => {
    if (!bulkhead.leave(waiter)) return;
    stopWaiting();
    reportRejection(events, policy, call, status);
    settle(fail(status));
  };
  const onCancel = (status: Status): void => leaveWith({ ...status, origin: 'local' });
  const waiter: Waiter = {
    granted: () => {
      stopWaiting();
      const now = clock.now();
      // Timers can be late: what has expired is not started, and the permit goes to the next.
      if (call.deadline <= now) {
        const status = expired(policy);
        reportRejection(events, policy, call, status);
        settle(fail(status));
        return false;
      }
      settle(held(bulkhead, next, { ...call, now }));
      return true;
    },
  };
  if (!bulkhead.enqueue(waiter)) return undefined;

  const outcome = new Promise<Outcome>((resolve) => {
    settle = resolve;
  });
  if (events.listening) events.emit({ type: 'queued', policy, call, depth: bulkhead.waiting });
  const leftMs = call.deadline - clock.now();
  const waitMs = Math.min(leftMs, settings.queueTimeoutMs ?? Number.POSITIVE_INFINITY);
  if (waitMs !== Number.POSITIVE_INFINITY) {
    const status = waitMs === leftMs ? expired(policy) : waitedTooLong(policy, settings);
    timer = clock.setTimer(waitMs, () => leaveWith(status));
  }
  call.cancellation.onCancel(onCancel);
  return outcome;
}

const expired = (policy: string): Status => ({
  code: Code.DEADLINE_EXCEEDED,
  reason: 'BULKHEAD_TIMEOUT',
  details: 'the deadline passed while the call waited for a free place',
  origin: 'local',
  source: policy,
});

const waitedTooLong = (policy: string, settings: BulkheadSettings): Status => ({
  code: Code.RESOURCE_EXHAUSTED,
  reason: 'BULKHEAD_TIMEOUT',
  details: `no place became free within ${settings.queueTimeoutMs} ms`,
  origin: 'local',
  source: policy,
  retryAfterMs: settings.retryAfterMs,
});
