import { type AnyDetail, type Metadata, type Origin, type Reason, type Status, toCode } from '@breakwater/core';
import { formatPushback, PUSHBACK_KEY, readPushback } from '@breakwater/resilience';
import { ErrorInfo, RetryInfo } from '../gen/google/rpc/error_details.pb.js';
import { Status as RpcStatus } from '../gen/google/rpc/status.pb.js';

/** Domain of the ErrorInfo that carries a framework or application reason. */
export const REASON_DOMAIN = 'breakwater';
/** Trailer with a serialized `google.rpc.Status`. */
export const STATUS_DETAILS_KEY = 'grpc-status-details-bin';

const ERROR_INFO = 'type.googleapis.com/google.rpc.ErrorInfo';
const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo';

/** A status ready for the wire. */
export interface WireStatus {
  readonly code: number;
  readonly message: string;
  readonly trailers: Metadata;
}

/**
 * Puts a status into code, message and trailers. Reason and rich details travel as `google.rpc.Status` in
 * `grpc-status-details-bin`, `retryAfterMs` as `grpc-retry-pushback-ms`; the cause stays here.
 */
export function encodeStatus(status: Status, trailers: Metadata): WireStatus {
  let all = trailers;
  const details = [...(status.richDetails ?? [])];
  if (status.reason !== undefined && !details.some((detail) => detail.typeUrl === ERROR_INFO)) {
    details.push(errorInfo(status.reason, REASON_DOMAIN));
  }
  if (details.length > 0 && !all.has(STATUS_DETAILS_KEY)) {
    const message = RpcStatus.fromPartial({
      code: status.code,
      message: status.details,
      details: details.map(({ typeUrl, value }) => ({ typeUrl, value: Buffer.from(value) })),
    });
    all = all.append(STATUS_DETAILS_KEY, RpcStatus.encode(message).finish());
  }
  if (status.retryAfterMs !== undefined && !all.has(PUSHBACK_KEY)) {
    all = all.append(PUSHBACK_KEY, formatPushback(status.retryAfterMs));
  }
  return { code: status.code, message: status.details, trailers: all };
}

/** The inverse, for a received status. Details that do not parse are left out: the code still counts. */
export function decodeStatus(code: number, message: string, trailers: Metadata, origin: Origin = 'remote'): Status {
  const richDetails = decodeDetails(trailers);
  return {
    code: toCode(code),
    details: message,
    origin,
    reason: reasonOf(richDetails),
    retryAfterMs: retryAfterOf(trailers, richDetails),
    richDetails,
  };
}

/** An `ErrorInfo` detail. */
export const errorInfo = (reason: Reason, domain: string, metadata: Record<string, string> = {}): AnyDetail => ({
  typeUrl: ERROR_INFO,
  value: ErrorInfo.encode(ErrorInfo.fromPartial({ reason, domain, metadata })).finish(),
});

function decodeDetails(trailers: Metadata): readonly AnyDetail[] | undefined {
  const bytes = trailers.get(STATUS_DETAILS_KEY);
  if (!(bytes instanceof Uint8Array)) return undefined;
  try {
    return RpcStatus.decode(bytes).details.map(({ typeUrl, value }) => ({ typeUrl, value }));
  } catch {
    return undefined;
  }
}

function reasonOf(details: readonly AnyDetail[] | undefined): Reason | undefined {
  return decodeFirst(details, ERROR_INFO, (bytes) => {
    const { reason } = ErrorInfo.decode(bytes);
    return reason === '' ? undefined : reason;
  });
}

function retryAfterOf(trailers: Metadata, details: readonly AnyDetail[] | undefined): number | undefined {
  const pushback = readPushback(trailers);
  if (pushback !== undefined) return pushback;
  return decodeFirst(details, RETRY_INFO, (bytes) => {
    const delay = RetryInfo.decode(bytes).retryDelay;
    if (delay === undefined) return undefined;
    const ms = Number(delay.seconds) * 1000 + Math.ceil(delay.nanos / 1e6);
    // Less than nothing is no delay; as a pushback it would forbid every retry.
    return ms < 0 ? undefined : ms;
  });
}

function decodeFirst<T>(
  details: readonly AnyDetail[] | undefined,
  typeUrl: string,
  decode: (bytes: Uint8Array) => T | undefined,
): T | undefined {
  const detail = details?.find((one) => one.typeUrl === typeUrl);
  if (detail === undefined) return undefined;
  try {
    return decode(detail.value);
  } catch {
    return undefined;
  }
}
