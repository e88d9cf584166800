import {
  Code,
  RpcError,
  requireKnownKeys,
  requireNumber,
  type Cancellation,
  type Runtime,
  type Status,
} from '@breakwater/core';
import Bottleneck from 'bottleneck';
import { DURATION_MS } from '../internal/ranges.js';
import { PACE_DEFAULTS, resolvePace, type PaceOptions } from './options.js';
import { PRIORITIES, PriorityQueue } from './priority-queue.js';

/** How one piece of work waits. */
export interface PaceJobOptions {
  /** 0 (most urgent) to 9. Default 5. */
  readonly priority?: number | undefined;
  /** Longest wait for the turn, in ms. Default: no limit. */
  readonly timeoutMs?: number | undefined;
  /** Takes the work out of the queue when it fires; work that has started is not touched. */
  readonly cancellation?: Cancellation | undefined;
}

/** A turn, or why there is none. `release` ends a turn; calling it again changes nothing. */
export type Turn = { readonly granted: true; release(): void } | { readonly granted: false; readonly status: Status };

export interface Pace {
  /**
   * Runs `task` when its turn comes, and gives what it gives.
   * Rejects with an `RpcError` of origin `local`, source `pace`, and leaves the queue: RESOURCE_EXHAUSTED `PACE_FULL` with
   * `retryAfterMs`; DEADLINE_EXCEEDED `PACE_TIMEOUT`; the cancellation's status; UNAVAILABLE `PACE_CLOSED`.
   * @throws ConfigError (as a rejection) for job options out of range
   */
  schedule<T>(task: () => T | Promise<T>, options?: PaceJobOptions): Promise<T>;
  /** The same for work that starts and ends elsewhere. Never rejects, but for job options out of range. */
  turn(options?: PaceJobOptions): Promise<Turn>;
  /** Work that waits. */
  readonly waiting: number;
  /** Refuses new work and all that waits; settles when what has started is over. Idempotent. */
  close(): Promise<void>;
}

interface Waiter {
  grant(release: () => void): void;
  refuse(status: Status): void;
}

/**
 * Queues and paces outbound work with priorities, for calls to a slow third party with a quota. Bottleneck decides when
 * the next start may be; who starts is decided only at that moment, from a queue of our own: Bottleneck commits jobs to a
 * time slot as they come (priorities are lost without `maxConcurrent`) and cannot take one out again.
 *
 * Not for every RPC: a start costs some 0.3 ms of CPU and a limiter starts a few hundred a second at most. For limits per
 * call see `rateLimit` and `bulkhead`. Runs on real time, whatever the runtime's clock is; that one bounds the waits.
 * @throws ConfigError for settings out of range or at odds with each other
 */
export function pace(options: PaceOptions, runtime: Pick<Runtime, 'clock'>): Pace {
  const settings = resolvePace(options);
  const engine = new Bottleneck({ minTime: settings.minTimeMs, maxConcurrent: settings.maxConcurrent ?? null });
  const queue = new PriorityQueue<Waiter>();
  let asked = false;
  let held = 0;
  let closing: Promise<void> | undefined;
  let drained: () => void = () => {};

  // One start is asked for at a time: were there one per waiter, those that have left would still use theirs up.
  const ask = (): void => {
    if (asked || closing !== undefined || queue.size === 0) return;
    asked = true;
    // It rejects only when `close` drops it.
    engine.schedule(start).catch(() => {});
  };
  const start = (): Promise<void> => {
    asked = false;
    const waiter = queue.shift();
    ask();
    if (waiter === undefined) return Promise.resolve();
    held += 1;
    return new Promise<void>((release) => waiter.grant(release)).then(() => {
      held -= 1;
      if (held === 0) drained();
    });
  };

  const turn = async (job: PaceJobOptions = {}): Promise<Turn> => {
    requireKnownKeys('pace', job, ['priority', 'timeoutMs', 'cancellation']);
    const priority = requireNumber('pace.priority', job.priority ?? PACE_DEFAULTS.priority, {
      min: 0,
      max: PRIORITIES - 1,
      integer: true,
    });
    const timeoutMs =
      job.timeoutMs === undefined ? undefined : requireNumber('pace.timeoutMs', job.timeoutMs, DURATION_MS);
    const { cancellation } = job;
    if (closing !== undefined) return refusal(CLOSED);
    if (cancellation?.status !== undefined) return refusal(cancellation.status);
    if (queue.size >= settings.queue) return refusal(full(queue.size, settings.minTimeMs));
    return new Promise((resolve) => {
      const settle = (result: Turn): void => {
        timer?.cancel();
        cancellation?.removeListener(leave);
        resolve(result);
      };
      const waiter: Waiter = {
        grant: (release) => settle({ granted: true, release }),
        refuse: (status) => settle(refusal(status)),
      };
      const leave = (status: Status): void => {
        if (queue.remove(waiter)) waiter.refuse(status);
      };
      const timer =
        timeoutMs === undefined ? undefined : runtime.clock.setTimer(timeoutMs, () => leave(timedOut(timeoutMs)));
      cancellation?.onCancel(leave);
      queue.push(waiter, priority);
      ask();
    });
  };

  return {
    turn,
    schedule: async (task, job) => {
      const own = await turn(job);
      if (!own.granted) throw toError(own.status);
      try {
        return await task();
      } finally {
        own.release();
      }
    },
    get waiting() {
      return queue.size;
    },
    close: () => {
      if (closing !== undefined) return closing;
      closing = held === 0 ? Promise.resolve() : new Promise((resolve) => (drained = resolve));
      // Drops the start that is pending, with its timer, which would keep the process alive. Its promise is not waited for:
      // it stays open when a start is dropped that was just being registered.
      engine.stop({ dropWaitingJobs: true }).catch(() => {});
      for (let waiter = queue.shift(); waiter !== undefined; waiter = queue.shift()) waiter.refuse(CLOSED);
      return closing;
    },
  };
}

const refusal = (status: Status): Turn => ({ granted: false, status: { ...status, origin: 'local', source: 'pace' } });

function toError(status: Status): RpcError {
  const error = new RpcError(status.code, status.details, { reason: status.reason, retryAfterMs: status.retryAfterMs });
  error.origin = status.origin;
  error.source = status.source;
  return error;
}

const full = (waiting: number, minTimeMs: number): Status => ({
  code: Code.RESOURCE_EXHAUSTED,
  reason: 'PACE_FULL',
  details: `${waiting} others wait for their turn`,
  origin: 'local',
  // One place gets free with the next start.
  retryAfterMs: Math.max(1, Math.ceil(minTimeMs)),
});

const timedOut = (timeoutMs: number): Status => ({
  code: Code.DEADLINE_EXCEEDED,
  reason: 'PACE_TIMEOUT',
  details: `the turn did not come within ${Math.ceil(timeoutMs)} ms`,
  origin: 'local',
});

const CLOSED: Status = Object.freeze({
  code: Code.UNAVAILABLE,
  reason: 'PACE_CLOSED',
  details: 'the pacer has been closed',
  origin: 'local',
});
