import type { Call, Failure, Metadata, Status } from '@breakwater/core';
import { Code, fail, RpcError } from '@breakwater/core';

/**
 * Turns what a handler threw into the failure its caller gets, or gives back undefined for a defect.
 *
 * | thrown | becomes |
 * |---|---|
 * | anything, once the call was cancelled or its deadline passed | CANCELLED or DEADLINE_EXCEEDED |
 * | DEADLINE_EXCEEDED received from a dependency with none of the call's own time left | DEADLINE_EXCEEDED |
 * | `new RpcError(...)`, `RpcError.forward(e)` | that status |
 * | an RpcError received from a dependency: UNAVAILABLE, RESOURCE_EXHAUSTED | the same code, marked "do not retry" |
 * | any other RpcError received from a dependency | INTERNAL; the cause is logged, nothing of it is sent |
 * | anything else, also an RpcError with code OK or none, or whose details are no string | a defect: INTERNAL, hidden outside, logged inside |
 *
 * @param now for the second line: a call made with this call's deadline ends a moment before this side hears of it
 */
export function failureOf(
  thrown: unknown,
  call: Call,
  trailers: Metadata,
  now = Number.NEGATIVE_INFINITY,
): Failure | undefined {
  const cancelled = call.cancellation.status;
  if (cancelled !== undefined) return fail(cancelled, 'unknown', trailers);
  if (!(thrown instanceof RpcError) || !canBeSent(thrown)) return undefined;
  const error = thrown;
  const own = error.metadata.size === 0 ? trailers : trailers.merge(error.metadata);
  if (!error.received) return fail(error.toStatus(), 'unknown', own);
  if (error.code === Code.DEADLINE_EXCEEDED && call.deadline - now <= CLOCK_SLACK_MS) {
    return fail({ ...OWN_DEADLINE, cause: error }, 'unknown', trailers);
  }
  return fail(fromDependency(error), 'unknown', trailers);
}

/** JavaScript puts anything into an error, and a transport could make no trailers of it. */
const canBeSent = ({ code, details }: RpcError): boolean =>
  typeof code === 'number' && code !== Code.OK && Code[code] !== undefined && typeof details === 'string';

/** A dependency on another machine counts the time left from when it saw the call, in whole ms. */
const CLOCK_SLACK_MS = 10;

const OWN_DEADLINE: Status = {
  code: Code.DEADLINE_EXCEEDED,
  reason: 'DEADLINE_EXCEEDED',
  details: "the caller's deadline has passed",
  origin: 'local',
};

/** The error of a dependency that a failure hides from its caller, for the log; undefined when it hides none. */
export function hiddenError({ status }: Failure): RpcError | undefined {
  const { cause } = status;
  return status.code === Code.INTERNAL && cause instanceof RpcError && cause.received ? cause : undefined;
}

function fromDependency(error: RpcError): Status {
  const dependency = error.target ?? 'a dependency';
  if (error.code === Code.UNAVAILABLE || error.code === Code.RESOURCE_EXHAUSTED) {
    const details = `${dependency} is ${error.code === Code.UNAVAILABLE ? 'unavailable' : 'overloaded'}`;
    return { code: error.code, details, origin: 'handler', reason: error.reason, retryAfterMs: -1, cause: error };
  }
  return { code: Code.INTERNAL, details: `a call to ${dependency} failed`, origin: 'handler', cause: error };
}

/** What the caller is told of a defect; the error itself goes to the log. */
export const defectFailure = (error: unknown): Failure =>
  fail(
    { code: Code.INTERNAL, reason: 'HANDLER_DEFECT', details: 'internal error', origin: 'handler', cause: error },
    'unknown',
  );
