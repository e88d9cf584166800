import { AuthorizeRequest, AuthorizeResponse } from '@breakwater/contracts/shop/payments/v1';
import { Payload } from '../../gen/bench/v1/load.pb.js';
import { REQUEST, RESPONSE } from '../workload.js';
import type { Body } from './frame-writer.js';
import { inPlaceCodec } from './message-codec.js';

/** How the two variants of the bare socket turn messages into bytes and back. Messages lie in `bytes[start, end)`. */
export interface Messages {
  readonly request: Body;
  /** What a server does with a request. */
  answer(bytes: Buffer, start: number, end: number): Body;
  response(bytes: Buffer, start: number, end: number): unknown;
  payloadRequest(data: Buffer): Body;
  payloadAnswer(bytes: Buffer, start: number, end: number): Body;
  payloadLength(bytes: Buffer, start: number, end: number): number;
}

export const encodedRequest = (): Uint8Array => AuthorizeRequest.encode(AuthorizeRequest.fromPartial(REQUEST)).finish();
export const encodedResponse = (): Uint8Array =>
  AuthorizeResponse.encode(AuthorizeResponse.fromPartial(RESPONSE)).finish();

/** The same bytes, made once: nothing is encoded or decoded. */
export function rawBytes(): Messages {
  const response = encodedResponse();
  return {
    request: encodedRequest(),
    answer: () => response,
    response: (_bytes, start, end) => end - start,
    payloadRequest: (data) => data,
    payloadAnswer: (bytes, start, end) => bytes.subarray(start, end),
    payloadLength: (_bytes, start, end) => end - start,
  };
}

/** The codec that our transports use. */
export function sameCodec(): Messages {
  const requests = inPlaceCodec(AuthorizeRequest);
  const responses = inPlaceCodec(AuthorizeResponse);
  const payloads = inPlaceCodec(Payload);
  const writeResponse: Body = (sink) => responses.encodeInto(RESPONSE, sink);
  return {
    request: (sink) => requests.encodeInto(REQUEST, sink),
    answer: (bytes, start, end) => {
      requests.decode(bytes, start, end);
      return writeResponse;
    },
    response: (bytes, start, end) => responses.decode(bytes, start, end),
    payloadRequest: (data) => (sink) => payloads.encodeInto({ data }, sink),
    payloadAnswer: (bytes, start, end) => {
      const { data } = payloads.decode(bytes, start, end);
      return (sink) => payloads.encodeInto({ data }, sink);
    },
    payloadLength: (bytes, start, end) => payloads.decode(bytes, start, end).data.length,
  };
}
