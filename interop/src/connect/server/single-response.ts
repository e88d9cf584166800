import { type Call, type Clock, fail, type Outcome, sleep, succeed } from '@breakwater/core';
import type { ClientStreamRequest, UnaryRequest } from '../../gen/connectrpc/conformance/v1/service.pb.js';
import { toStatus } from '../errors.js';
import { toMetadata } from '../headers.js';
import type { Received } from '../methods.js';
import { infoDetail, requestInfo } from './request-info.js';

type Request = Received<UnaryRequest | ClientStreamRequest>;

/** Answers a unary or client-streaming call as its first request says; without a definition only with what was received. */
export async function answerOnce(call: Call, requests: readonly Request[], clock: Clock): Promise<Outcome> {
  const definition = requests[0]?.message.responseDefinition;
  const info = requestInfo(call, requests);
  const headers = toMetadata(definition?.responseHeaders ?? []);
  const trailers = toMetadata(definition?.responseTrailers ?? []);
  await sleep(clock, definition?.responseDelayMs ?? 0, call.cancellation);
  const response = definition?.response;
  if (response?.$case === 'error')
    return { ...fail(toStatus(response.value, [infoDetail(info)]), 'no', trailers), headers };
  return succeed({ payload: { data: response?.value ?? Buffer.alloc(0), requestInfo: info } }, headers, trailers);
}

/** A client-streaming call: answered when all requests have come. */
export async function answerStream(call: Call, clock: Clock): Promise<Outcome> {
  const requests: Request[] = [];
  for await (const request of call.requests ?? []) requests.push(request as Request);
  return answerOnce(call, requests, clock);
}
