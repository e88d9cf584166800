import { Code } from '@breakwater/core';
import { ErrorCode } from '../http2/error-code.js';

/** The code of a response without `grpc-status`, by its HTTP status. @see gRPC http-grpc-status-mapping.md */
export function codeOfHttpStatus(status: number): Code {
  switch (status) {
    case 400:
      return Code.INTERNAL;
    case 401:
      return Code.UNAUTHENTICATED;
    case 403:
      return Code.PERMISSION_DENIED;
    case 404:
      return Code.UNIMPLEMENTED;
    case 429:
    case 502:
    case 503:
    case 504:
      return Code.UNAVAILABLE;
    default:
      return Code.UNKNOWN;
  }
}

/** The code of a stream that the peer has reset. @see gRPC PROTOCOL-HTTP2, "HTTP2 Transport Mapping, Errors" */
export function codeOfReset(errorCode: number): Code {
  switch (errorCode) {
    case ErrorCode.refusedStream:
      return Code.UNAVAILABLE;
    case ErrorCode.cancel:
      return Code.CANCELLED;
    case ErrorCode.enhanceYourCalm:
      return Code.RESOURCE_EXHAUSTED;
    case ErrorCode.inadequateSecurity:
      return Code.PERMISSION_DENIED;
    default:
      return Code.INTERNAL;
  }
}
