import {
  Code,
  MAX_TIMEOUT_MS,
  fail,
  streamsResponse,
  type Around,
  type Call,
  type Failure,
  type Runtime,
  type Status,
} from '@breakwater/core';
import { reportRejection } from '../internal/report.js';
import { CALL_TIMEOUT_MS, resolveDeadline, type DeadlineOptions } from './options.js';

const POLICY = 'deadline';

/**
 * Gives every call a deadline: the earlier of its own (per call, else configured) and the one it inherited, at most 24 h
 * ahead. Server-streaming and bidi calls get one of their own only when configured or asked for.
 * A call that has expired or been cancelled already never reaches the leaf: DEADLINE_EXCEEDED or CANCELLED, origin
 * `local`, sent `no`. The leaf enforces the deadline; this policy owns no timer.
 *
 * Order: outermost but for telemetry, since it bounds everything below, retries and queues included.
 * @throws ConfigError when a timeout is not a number of ms above zero
 * @see https://grpc.io/docs/guides/deadlines/
 */
export function deadline(options: DeadlineOptions, runtime: Runtime): Around {
  const settings = resolveDeadline(options);
  const unaryMs = settings.timeoutMs ?? Number.POSITIVE_INFINITY;
  const streamMs = settings.streamTimeoutMs ?? Number.POSITIVE_INFINITY;

  const refuse = (call: Call, status: Status): Promise<Failure> => {
    reportRejection(runtime.events, POLICY, call, status);
    return Promise.resolve(fail(status));
  };

  return (next) => (call) => {
    const cancelled = call.cancellation.status;
    if (cancelled !== undefined) return refuse(call, { ...cancelled, origin: 'local' });
    const perCall = call.attributes.get(CALL_TIMEOUT_MS);
    const configured = streamsResponse(call.operation) ? streamMs : unaryMs;
    const ownMs = perCall === undefined ? configured : (perCall ?? Number.POSITIVE_INFINITY);
    const instant = earlier(call.now, ownMs, call.deadline);
    if (instant <= call.now) return refuse(call, EXPIRED);
    return next(instant === call.deadline ? call : { ...call, deadline: instant });
  };
}

/** The earlier of the two; the cap binds an inherited deadline as well, but does not invent one where there is none. */
function earlier(now: number, ownMs: number, inherited: number): number {
  const instant = Math.min(now + ownMs, inherited);
  return instant === Number.POSITIVE_INFINITY ? instant : Math.min(instant, now + MAX_TIMEOUT_MS);
}

const EXPIRED: Status = Object.freeze({
  code: Code.DEADLINE_EXCEEDED,
  reason: 'DEADLINE_EXCEEDED',
  details: 'the deadline had passed before the call was started',
  origin: 'local',
  source: POLICY,
});
