import { Code, type Metadata, type Status, toCode } from '@breakwater/core';
import { decodeStatus } from '@breakwater/rpc';
import { connectionLost, saysUnknownMethod, tooLargeInWords } from '@breakwater/rpc/transport-kit';
import { codeOfHttpStatus, codeOfReset } from '../grpc/http-status.js';
import { percentDecode } from '../grpc/percent.js';
import { ErrorCode } from '../http2/error-code.js';
import type { ResponseHead } from '../http2/response-head.js';

/**
 * What the head of a response says that is not gRPC, or undefined for one that is.
 * @see gRPC http-grpc-status-mapping.md
 */
export function notGrpc(head: ResponseHead, peer: string, endStream: boolean): Status | undefined {
  const isGrpc = head.contentType === 'application/grpc' || head.contentType.startsWith('application/grpc');
  if (isGrpc && head.status === 200) {
    if (!endStream) return undefined;
    return { code: Code.UNKNOWN, origin: 'remote', details: `${peer} ended the call without a grpc-status` };
  }
  const code = head.status === 200 ? Code.UNKNOWN : codeOfHttpStatus(head.status);
  const what = isGrpc ? '' : head.contentType === '' ? '' : `with ${head.contentType.slice(0, 60)}, `;
  const status = head.status === 200 ? '' : `HTTP status ${head.status}${what === '' ? ', ' : ' '}`;
  return { code, origin: 'remote', reason: 'PEER_NOT_GRPC', details: `${peer} answered ${status}${what}not gRPC` };
}

/** The failure that trailers tell of; undefined for OK. @param expired whether the call's own deadline has passed */
export function statusOfTrailers(
  head: ResponseHead,
  trailers: Metadata,
  expired: boolean,
  peer: string,
): Status | undefined {
  const { grpcStatus } = head;
  if (grpcStatus === '0') return undefined;
  if (!/^\d{1,9}$/.test(grpcStatus)) {
    const what = grpcStatus === '' ? 'no grpc-status' : `the grpc-status ${JSON.stringify(grpcStatus.slice(0, 20))}`;
    return { code: Code.UNKNOWN, origin: 'remote', details: `the trailers have ${what}` };
  }
  const code = Number(grpcStatus);
  const status = decodeStatus(code, percentDecode(head.grpcMessage), trailers);
  if (status.reason !== undefined) return status;
  switch (toCode(code)) {
    case Code.DEADLINE_EXCEEDED:
      return expired ? { ...status, reason: 'DEADLINE_EXCEEDED' } : status;
    case Code.UNIMPLEMENTED:
      return saysUnknownMethod(status.details) ? { ...status, reason: 'METHOD_UNKNOWN' } : status;
    case Code.RESOURCE_EXHAUSTED: {
      const whose = `the server ${peer} accepts (its limits.maxReceiveMessageBytes)`;
      const details = tooLargeInWords(status.details, whose);
      return details === undefined ? status : { ...status, reason: 'MESSAGE_TOO_LARGE', details };
    }
    default:
      return status;
  }
}

/** @param byPeer else this side found the stream broken */
export function resetByServer(code: number, why: string, byPeer: boolean, peer: string): Status {
  if (!byPeer) {
    return { code: Code.INTERNAL, origin: 'remote', details: `${peer} broke the protocol: ${why}` };
  }
  // In peace, but without trailers: what a peer that exits leaves behind.
  if (code === ErrorCode.noError) return connectionLost(peer, 'it ended before the call did');
  return { code: codeOfReset(code), origin: 'remote', details: `${peer} reset the call with ${why}` };
}
