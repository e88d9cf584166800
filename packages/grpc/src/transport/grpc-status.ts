import type { StatusObject } from '@grpc/grpc-js';
import { Code, toCode, type Failure, type Metadata, type Sent, type Status } from '@breakwater/core';
import { decodeStatus } from '@breakwater/rpc';
import { connectionLost, deadlineExceeded, saysUnknownMethod, tooLargeInWords } from '@breakwater/rpc/transport-kit';
import { incoming, isEmpty } from './incoming-metadata.js';

/** What is known of a call when grpc-js reports its end. */
export interface CallFacts {
  readonly peer: string;
  readonly sent: Sent;
  readonly headers: Metadata | undefined;
  /** Content type of the headers, where they came. */
  readonly contentType?: string | undefined;
  /** The call's own deadline has passed. */
  readonly expired: boolean;
}

const REFUSED = 'Stream refused by server';
/** A stream that was closed in peace, without trailers: what a peer that exits after its GOAWAY leaves behind. */
const NO_STATUS = /^Received RST_STREAM with code 0 \(Call ended without gRPC status\)/;
/** The whole connection ended with an HTTP/2 error. Node's server does that to one with many cancellations (over 33/s for long). */
const SESSION_CLOSED = /\bSession closed with error code (\d+)/;
const HTTP_STATUS = /^Received HTTP status code (\d+)/;

/** The failure behind a grpc-js status. grpc-js says what happened below gRPC only in words, read here and nowhere else. */
export function fromGrpcStatus(status: StatusObject, facts: CallFacts): Failure {
  const made = isEmpty(status.metadata) && facts.headers === undefined;
  const trailers = incoming(status.metadata);
  return {
    ok: false,
    status: classify(status, trailers, made, facts),
    trailers,
    sent: made && status.details === REFUSED ? 'refused' : facts.sent,
    headers: facts.headers,
    peer: facts.peer,
  };
}

function classify(status: StatusObject, trailers: Metadata, local: boolean, facts: CallFacts): Status {
  const code = toCode(status.code);
  // grpc-js does not look at the content type: it takes the first bytes of a web page for the length of a message.
  if (isEmpty(status.metadata) && facts.contentType?.startsWith('application/grpc') === false) {
    const http = HTTP_STATUS.exec(status.details)?.[1];
    const details = `${facts.peer} answered ${http === undefined ? '' : `HTTP status ${http} `}with ${facts.contentType}, not gRPC`;
    // An HTTP status has been translated already; of a page that was found, gRPC makes UNKNOWN.
    return {
      code: http === undefined ? Code.UNKNOWN : code,
      origin: 'remote',
      reason: 'PEER_NOT_GRPC',
      details,
    };
  }
  if (code === Code.RESOURCE_EXHAUSTED) {
    // Without trailers it was grpc-js here that refused.
    const whose = isEmpty(status.metadata)
      ? 'this client accepts (limits.maxReceiveMessageBytes)'
      : `the server ${facts.peer} accepts (its limits.maxReceiveMessageBytes)`;
    const tooLarge = tooLargeInWords(status.details, whose);
    if (tooLarge !== undefined) return { code, origin: 'remote', reason: 'MESSAGE_TOO_LARGE', details: tooLarge };
  }
  if (local && code === Code.UNAVAILABLE) {
    if (facts.sent === 'no') return { code, origin: 'remote', reason: 'CONNECT_FAILED', details: status.details };
    return connectionLost(facts.peer, status.details);
  }
  if (isEmpty(status.metadata) && NO_STATUS.test(status.details)) {
    return connectionLost(facts.peer, 'it ended before the call did');
  }
  const session = isEmpty(status.metadata) ? SESSION_CLOSED.exec(status.details) : null;
  if (session !== null) return connectionLost(facts.peer, `it was closed with HTTP/2 error code ${session[1]}`);
  // A server that keeps the deadline itself resets the stream; our own timer may be some milliseconds behind it.
  if (code === Code.CANCELLED && facts.expired && isEmpty(status.metadata)) {
    return deadlineExceeded(facts.peer, facts.sent);
  }
  const http = isEmpty(status.metadata) || facts.headers === undefined ? HTTP_STATUS.exec(status.details) : null;
  if (http !== null) {
    return {
      code,
      origin: 'remote',
      reason: 'PEER_NOT_GRPC',
      details: `${facts.peer} answered HTTP status ${http[1]}, not gRPC`,
    };
  }
  const decoded = decodeStatus(status.code, status.details, trailers);
  if (code === Code.DEADLINE_EXCEEDED && decoded.reason === undefined && facts.expired) {
    return { ...decoded, reason: 'DEADLINE_EXCEEDED' };
  }
  if (code === Code.UNIMPLEMENTED && decoded.reason === undefined && saysUnknownMethod(status.details)) {
    return { ...decoded, reason: 'METHOD_UNKNOWN' };
  }
  return decoded;
}
