import {
  Attributes,
  type Call,
  Cancellation,
  deadlineAfter,
  type Outcome,
  type Runtime,
  streamsRequest,
  streamsResponse,
} from '@breakwater/core';
import { COMPRESSION, type Compression, type Connection, type Method } from '@breakwater/rpc';
import type { ClientCompatRequest } from '../../gen/connectrpc/conformance/v1/client_compat.pb.js';
import { Compression as SuiteCompression } from '../../gen/connectrpc/conformance/v1/config.pb.js';
import { ClientResponseResult } from '../../gen/connectrpc/conformance/v1/client_compat.pb.js';
import { toError } from '../errors.js';
import { toHeaders, toMetadata } from '../headers.js';
import { clientMethod, requestTypeUrl } from '../methods.js';
import { CancelPlan } from './cancel-plan.js';
import { Exchange, payloadOf } from './exchange.js';

function compressionOf({ compression }: ClientCompatRequest): Compression {
  switch (compression) {
    case SuiteCompression.GZIP:
      return 'gzip';
    case SuiteCompression.DEFLATE:
      return 'deflate';
    case SuiteCompression.IDENTITY:
    case SuiteCompression.UNSPECIFIED:
      return 'identity';
    default:
      throw new Error(`compression ${compression} is not supported`);
  }
}

/** The method that a request names. @throws Error when it does not fit the request's messages */
function methodOf(request: ClientCompatRequest): Method {
  const method = clientMethod(request.method ?? '');
  if (method === undefined) throw new Error(`the suite's service has no method ${request.method ?? ''}`);
  const single = !streamsRequest(method);
  if (single && request.requestMessages.length !== 1)
    throw new Error(`${method.method} takes one message, not ${request.requestMessages.length}`);
  const typeName = requestTypeUrl(method).split('/').at(-1);
  const wrong = request.requestMessages.find(({ typeUrl }) => typeUrl.split('/').at(-1) !== typeName);
  if (wrong !== undefined) throw new Error(`${method.method} takes ${typeName}, not ${wrong.typeUrl}`);
  return method;
}

function resultOf(outcome: Outcome, exchange: Exchange, method: Method): ClientResponseResult {
  const payloads = [...exchange.payloads];
  if (outcome.ok && !streamsResponse(method)) payloads.push(payloadOf(outcome.value));
  return ClientResponseResult.fromPartial({
    responseHeaders: toHeaders(outcome.headers),
    responseTrailers: toHeaders(outcome.trailers),
    payloads,
    numUnsentRequests: streamsRequest(method) ? exchange.unsent : 0,
    ...(outcome.ok ? {} : { error: toError(outcome.status) }),
  });
}

/** Makes one call as a request of the runner describes it. @throws Error for a request that cannot be carried out */
export async function invoke(
  request: ClientCompatRequest,
  connection: Connection,
  { clock }: Runtime,
): Promise<ClientResponseResult> {
  const method = methodOf(request);
  const cancellation = new Cancellation();
  const plan = new CancelPlan(request.cancel, cancellation, clock);
  const exchange = new Exchange(request, plan, cancellation, clock);
  const now = clock.now();
  const streaming = streamsRequest(method);
  const call: Call = {
    operation: method,
    target: 'conformance',
    deadline: request.timeoutMs === undefined ? Number.POSITIVE_INFINITY : deadlineAfter(now, request.timeoutMs),
    now,
    metadata: toMetadata(request.requestHeaders),
    request: streaming ? undefined : request.requestMessages[0]?.value,
    requests: streaming ? exchange.requests() : undefined,
    responses: streamsResponse(method) ? exchange : undefined,
    cancellation,
    attempt: 1,
    attributes: Attributes.EMPTY.with(COMPRESSION, compressionOf(request)),
    tried: [],
  };
  const running = connection.call(method, call);
  // Where one message is sent, the request stream is closed along with it.
  if (!streaming) plan.afterClose();
  const outcome = await running;
  exchange.end();
  return resultOf(outcome, exchange, method);
}
