import { AuthorizeRequest, AuthorizeResponse } from '@breakwater/contracts/shop/payments/v1';
import { Payload } from '../../gen/bench/v1/load.pb.js';
import { REQUEST, RESPONSE } from '../workload.js';

/** How the two variants of the bare socket turn messages into bytes and back. */
export interface Messages {
  request(): Uint8Array;
  /** What a server does with a request: its answer's bytes. */
  answer(request: Buffer): Uint8Array;
  response(bytes: Buffer): unknown;
  payloadRequest(data: Buffer): Uint8Array;
  payloadAnswer(request: Buffer): Uint8Array;
  payloadLength(bytes: Buffer): number;
}

const encodeRequest = (): Uint8Array => AuthorizeRequest.encode(AuthorizeRequest.fromPartial(REQUEST)).finish();
const encodeResponse = (): Uint8Array => AuthorizeResponse.encode(AuthorizeResponse.fromPartial(RESPONSE)).finish();
const encodePayload = (data: Buffer): Uint8Array => Payload.encode(Payload.fromPartial({ data })).finish();

/** The same bytes, made once: nothing is encoded or decoded. */
export function rawBytes(): Messages {
  const request = encodeRequest();
  const response = encodeResponse();
  return {
    request: () => request,
    answer: () => response,
    response: (bytes) => bytes,
    payloadRequest: (data) => data,
    payloadAnswer: (data) => data,
    payloadLength: (bytes) => bytes.length,
  };
}

/** The codec that every contender with ts-proto uses. */
export function sameCodec(): Messages {
  return {
    request: encodeRequest,
    answer: (bytes) => {
      AuthorizeRequest.decode(bytes);
      return encodeResponse();
    },
    response: (bytes) => AuthorizeResponse.decode(bytes),
    payloadRequest: encodePayload,
    payloadAnswer: (bytes) => encodePayload(Payload.decode(bytes).data),
    payloadLength: (bytes) => Payload.decode(bytes).data.length,
  };
}
