import { type AnyDetail, type Call } from '@breakwater/core';
import { packDetail } from '@breakwater/rpc';
import { ConformancePayload_RequestInfo as RequestInfo } from '../../gen/connectrpc/conformance/v1/service.pb.js';
import { toHeaders } from '../headers.js';
import type { Received } from '../methods.js';

/** What the server saw of a call: everything of the first message, of those after it their requests only. */
export function requestInfo(call: Call, requests: readonly Received<unknown>[]): RequestInfo {
  const { deadline, now, metadata } = call;
  return {
    ...moreRequests(requests),
    requestHeaders: toHeaders(metadata),
    timeoutMs: deadline === Number.POSITIVE_INFINITY ? undefined : BigInt(Math.max(0, Math.floor(deadline - now))),
  };
}

/** Requests that came after the first response of a full-duplex call. */
export const moreRequests = (requests: readonly Received<unknown>[]): RequestInfo => ({
  requestHeaders: [],
  timeoutMs: undefined,
  requests: requests.map(({ any }) => any),
  connectGetInfo: undefined,
});

/** The same as a detail of an error. */
export const infoDetail = (info: RequestInfo): AnyDetail =>
  packDetail('connectrpc.conformance.v1.ConformancePayload.RequestInfo', RequestInfo, info);
