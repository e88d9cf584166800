import { type Call, type Clock, fail, Metadata, type Outcome, sleep, succeed } from '@breakwater/core';
import type {
  BidiStreamRequest,
  ConformancePayload_RequestInfo as RequestInfo,
  ServerStreamRequest,
  StreamResponseDefinition,
} from '../../gen/connectrpc/conformance/v1/service.pb.js';
import { toStatus } from '../errors.js';
import { toMetadata } from '../headers.js';
import type { Received } from '../methods.js';
import { infoDetail, moreRequests, requestInfo } from './request-info.js';

/** The response stream of one call, sent as its definition says. */
class Responses {
  private sent = 0;
  private readonly data: readonly Buffer[];

  constructor(
    private readonly call: Call,
    private readonly definition: StreamResponseDefinition | undefined,
    private readonly clock: Clock,
  ) {
    this.data = definition?.responseData ?? [];
    // Ahead of every delay, so that a client can read them.
    if (definition !== undefined) call.responses?.headers(toMetadata(definition.responseHeaders));
  }

  get left(): boolean {
    return this.sent < this.data.length;
  }

  /** Sends the next message after its delay. Everything that is known of the request goes with the first. */
  async next(requests: readonly Received<unknown>[], later: RequestInfo | undefined): Promise<void> {
    if (!(await sleep(this.clock, this.definition?.responseDelayMs ?? 0, this.call.cancellation))) return;
    const info = this.sent === 0 ? requestInfo(this.call, requests) : later;
    const data = this.data[this.sent];
    this.sent += 1;
    const more = this.call.responses?.message({ payload: { data, requestInfo: info } });
    if (more !== true) await more;
  }

  /** Sends what is left and ends the call. */
  async end(requests: readonly Received<unknown>[]): Promise<Outcome> {
    while (this.left && !this.call.cancellation.cancelled) await this.next(requests, undefined);
    const trailers = toMetadata(this.definition?.responseTrailers ?? []);
    const error = this.definition?.error;
    if (error === undefined) return succeed(undefined, Metadata.EMPTY, trailers);
    const details = this.sent === 0 ? [infoDetail(requestInfo(this.call, requests))] : [];
    return fail(toStatus(error, details), 'no', trailers);
  }
}

/** A server-streaming call. */
export async function stream(call: Call, clock: Clock): Promise<Outcome> {
  const request = call.request as Received<ServerStreamRequest>;
  return new Responses(call, request.message.responseDefinition, clock).end([request]);
}

/** A bidi call: full-duplex, one response for each request while there are any; half-duplex, all of them after the last request. */
export async function converse(call: Call, clock: Clock): Promise<Outcome> {
  let responses: Responses | undefined;
  let fullDuplex = false;
  let requests: Received<BidiStreamRequest>[] = [];
  for await (const one of call.requests ?? []) {
    const request = one as Received<BidiStreamRequest>;
    requests.push(request);
    if (responses === undefined) {
      responses = new Responses(call, request.message.responseDefinition, clock);
      fullDuplex = request.message.fullDuplex;
    }
    if (!fullDuplex) continue;
    if (!responses.left) break;
    await responses.next(requests, moreRequests(requests));
    requests = [];
  }
  return (responses ?? new Responses(call, undefined, clock)).end(requests);
}
