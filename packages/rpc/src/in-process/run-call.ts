import type { Call, Outcome, ResponseSink, Runtime, Status, Timer } from '@breakwater/core';
import { Attributes, Cancellation, Code, fail, succeed } from '@breakwater/core';
import type { Method } from '../method/method.js';
import { decodeStatus, encodeStatus } from '../status/wire-status.js';
import type { ClientLimits } from '../transport/limits.js';
import { PEER } from '../transport/transport.js';
import type { InProcessListener } from './listener.js';
import { decoding, encoding, tooLarge } from './message.js';

export interface RunOptions {
  readonly limits: ClientLimits;
  readonly runtime: Runtime;
  readonly peer: string;
  /** Ends of the calls in flight, for a connection that is closed. */
  readonly abort: Set<(status: Status) => void>;
}

/** One call from client to server and back, with the deadline and the cancellation enforced as a transport must. */
export function runCall(method: Method, call: Call, listener: InProcessListener, options: RunOptions): Promise<Outcome> {
  const early = call.cancellation.status ?? (call.deadline <= options.runtime.clock.now() ? PASSED : undefined);
  if (early !== undefined) return Promise.resolve(fail(early, 'no'));
  const served = listener.served(call.operation.path);
  if (served === undefined) return Promise.resolve(listener.unknownMethod(call.operation.path));
  let request: unknown;
  try {
    if (call.requests === undefined) request = transferRequest(method, served.method, call.request, options, listener);
  } catch (error) {
    return Promise.resolve(fail(error as Status, (error as Status).origin === 'local' ? 'no' : 'unknown'));
  }
  return new Promise((resolve) => {
    const cancellation = new Cancellation();
    let over = false;
    let timer: Timer | undefined;
    const settle = (outcome: Outcome): void => {
      if (over) return;
      over = true;
      timer?.cancel();
      call.cancellation.removeListener(onCancel);
      options.abort.delete(end);
      resolve(outcome);
    };
    /** The client ends the call: the server side is told, and its answer no longer counts. */
    const end = (status: Status): void => {
      cancellation.cancel(status.reason === 'DEADLINE_EXCEEDED' ? { ...PASSED, origin: 'local' } : CANCELLED);
      settle(fail(status, 'unknown'));
    };
    const onCancel = (status: Status): void => end(status);
    if (call.deadline !== Number.POSITIVE_INFINITY) {
      timer = options.runtime.clock.setTimer(call.deadline - options.runtime.clock.now(), () => end(PASSED));
    }
    call.cancellation.onCancel(onCancel);
    options.abort.add(end);
    const incoming: Call = {
      operation: served.method,
      target: listener.options.name,
      deadline: call.deadline,
      now: options.runtime.clock.now(),
      metadata: call.metadata,
      request,
      requests: call.requests === undefined ? undefined : transferRequests(method, served.method, call.requests, options, listener, end, cancellation),
      responses: call.responses === undefined ? undefined : transferResponses(method, served.method, call.responses, options, listener, end, () => over),
      cancellation,
      attempt: 1,
      attributes: Attributes.EMPTY.with(PEER, options.peer),
      tried: [],
    };
    void listener.handle(served, incoming).then((outcome) => settle(transferOutcome(method, served.method, outcome, options, listener)));
  });
}

function transferRequest(from: Method, to: Method, message: unknown, options: RunOptions, listener: InProcessListener): unknown {
  const bytes = encoding('request', () => from.encodeRequest(message));
  tooLarge('request', bytes, 'maxSendMessageBytes', options.limits.maxSendMessageBytes, 'local');
  tooLarge('request', bytes, 'maxReceiveMessageBytes', listener.options.limits.maxReceiveMessageBytes, 'remote');
  return decoding('request', () => to.decodeRequest(bytes));
}

function transferResponse(from: Method, to: Method, message: unknown, options: RunOptions, listener: InProcessListener): unknown {
  const bytes = encoding('response', () => to.encodeResponse(message));
  tooLarge('response', bytes, 'maxSendMessageBytes', listener.options.limits.maxSendMessageBytes, 'remote');
  tooLarge('response', bytes, 'maxReceiveMessageBytes', options.limits.maxReceiveMessageBytes, 'remote');
  return decoding('response', () => from.decodeResponse(bytes));
}

async function* transferRequests(
  from: Method,
  to: Method,
  requests: AsyncIterable<unknown>,
  options: RunOptions,
  listener: InProcessListener,
  end: (status: Status) => void,
  cancellation: Cancellation,
): AsyncGenerator<unknown> {
  try {
    for await (const message of requests) {
      if (cancellation.cancelled) return;
      yield transferRequest(from, to, message, options, listener);
    }
  } catch (error) {
    end(asStatus(error));
  }
}

function transferResponses(
  from: Method,
  to: Method,
  responses: ResponseSink,
  options: RunOptions,
  listener: InProcessListener,
  end: (status: Status) => void,
  over: () => boolean,
): ResponseSink {
  return {
    headers: (metadata) => {
      if (!over()) responses.headers(metadata);
    },
    message: (message) => {
      if (over()) return true;
      try {
        return responses.message(transferResponse(from, to, message, options, listener));
      } catch (error) {
        end(asStatus(error));
        return true;
      }
    },
  };
}

function transferOutcome(from: Method, to: Method, outcome: Outcome, options: RunOptions, listener: InProcessListener): Outcome {
  if (!outcome.ok) {
    const wire = encodeStatus(outcome.status, outcome.trailers);
    return fail(decodeStatus(wire.code, wire.message, wire.trailers), outcome.sent === 'refused' ? 'refused' : 'unknown', wire.trailers);
  }
  if (from.kind === 'server_stream' || from.kind === 'bidi') return succeed(undefined, outcome.headers, outcome.trailers);
  try {
    return succeed(transferResponse(from, to, outcome.value, options, listener), outcome.headers, outcome.trailers);
  } catch (error) {
    return fail(asStatus(error), 'unknown', outcome.trailers);
  }
}

const isStatus = (value: unknown): value is Status => typeof value === 'object' && value !== null && 'origin' in value && 'details' in value && !(value instanceof Error);

function asStatus(error: unknown): Status {
  if (isStatus(error)) return error;
  const text = error instanceof Error ? error.message : String(error);
  return { code: Code.CANCELLED, reason: 'CANCELLED', details: `the request stream failed: ${text}`, origin: 'local', cause: error };
}

const PASSED: Status = { code: Code.DEADLINE_EXCEEDED, reason: 'DEADLINE_EXCEEDED', details: 'the deadline passed', origin: 'remote' };
const CANCELLED: Status = { code: Code.CANCELLED, reason: 'CANCELLED', details: 'the caller cancelled the call', origin: 'local' };
