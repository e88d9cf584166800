import { status as grpcStatus, type StatusObject } from '@grpc/grpc-js';
import type { Outcome } from '@breakwater/core';
import { encodeStatus, STATUS_DETAILS_KEY } from '@breakwater/rpc';
import { receivedMetadata } from './metadata-copies.js';

/**
 * The end of a call as grpc-js tells it. Trailers are as received; where they have no `grpc-status-details-bin`, the
 * reason of a refusal or of a lost connection is put there, and its pushback beside it.
 */
export function statusObject(outcome: Outcome): StatusObject {
  const { trailers } = outcome;
  if (outcome.ok) return { code: grpcStatus.OK, details: 'OK', metadata: receivedMetadata(trailers) };
  const { status } = outcome;
  const wire = trailers.has(STATUS_DETAILS_KEY) ? trailers : encodeStatus(status, trailers).trailers;
  // Two enums with the same numbers.
  const code: number = status.code;
  return { code, details: status.details, metadata: receivedMetadata(wire) };
}
