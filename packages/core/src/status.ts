import { Code, codeName } from './code.js';

/**
 * Who decided an outcome.
 * `local`: this process, by a policy, the caller's cancellation, or because there is nobody to call. Never retried.
 * `remote`: the far side, or what was observed of it (a connection that failed, a deadline that passed in flight).
 * `handler`: application code in this process.
 */
export type Origin = 'local' | 'remote' | 'handler';

/** Stable machine strings of the framework (ErrorInfo domain `breakwater`). Applications add their own. */
export type FrameworkReason =
  | 'ATTEMPT_TIMEOUT'
  | 'BULKHEAD_FULL'
  | 'BULKHEAD_TIMEOUT'
  | 'CANCELLED'
  | 'CIRCUIT_ISOLATED'
  | 'CIRCUIT_OPEN'
  | 'CLIENT_CLOSED'
  | 'CONCURRENCY_LIMITED'
  | 'CONNECTION_LOST'
  | 'CONNECT_FAILED'
  | 'DEADLINE_EXCEEDED'
  | 'DECODE_FAILED'
  | 'DRAINING'
  | 'ENCODE_FAILED'
  | 'HANDLER_DEFECT'
  | 'IDLE_TIMEOUT'
  | 'MESSAGE_TOO_LARGE'
  | 'METHOD_UNKNOWN'
  | 'NO_ENDPOINTS'
  | 'PACE_CLOSED'
  | 'PACE_FULL'
  | 'PACE_TIMEOUT'
  | 'PEER_NOT_GRPC'
  | 'RATE_LIMITED'
  | 'REGISTRY_UNAVAILABLE'
  | 'STREAM_LIMITED'
  | 'TLS_FAILED';

/** A framework reason, or the application's own UPPER_SNAKE string. */
export type Reason = FrameworkReason | (string & {});

/** One `google.protobuf.Any` of `google.rpc.Status.details`, still encoded. */
export interface AnyDetail {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

/** How a call ended when it did not end well. Plain data: comparing, logging and forwarding it is cheap. */
export interface Status {
  readonly code: Code;
  /** For people; never matched on. */
  readonly details: string;
  readonly origin: Origin;
  readonly reason?: Reason | undefined;
  /** Name of the policy that decided, when one did: `circuit-breaker`, `rate-limit`, ... */
  readonly source?: string | undefined;
  /** Do not try again before this many ms; a negative number means: do not try again. */
  readonly retryAfterMs?: number | undefined;
  /** `google.rpc.Status` details, as received or as given by the handler. */
  readonly richDetails?: readonly AnyDetail[] | undefined;
  /** What was thrown or observed; logged, never put on the wire. */
  readonly cause?: unknown;
}

/** `CODE (REASON): details`, for logs and error messages. */
export const describeStatus = (status: Status): string =>
  `${codeName(status.code)}${status.reason === undefined ? '' : ` (${status.reason})`}: ${status.details}`;

/** Codes that only an application gives, or that say the caller is at fault: no sign of an unhealthy target. */
const CALLER_CODES: ReadonlySet<Code> = new Set([
  Code.INVALID_ARGUMENT,
  Code.NOT_FOUND,
  Code.ALREADY_EXISTS,
  Code.PERMISSION_DENIED,
  Code.FAILED_PRECONDITION,
  Code.ABORTED,
  Code.OUT_OF_RANGE,
  Code.UNAUTHENTICATED,
  Code.UNIMPLEMENTED,
  Code.CANCELLED,
]);

/** Whether `code` blames the caller or the request rather than the target's health. @see grpc doc/statuscodes.md */
export const isCallerCode = (code: Code): boolean => CALLER_CODES.has(code);
