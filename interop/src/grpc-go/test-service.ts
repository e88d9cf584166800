import {
  type Call,
  type Clock,
  fail,
  type Handler,
  Metadata,
  type Outcome,
  sleep,
  succeed,
  toCode,
} from '@breakwater/core';
import { methodsOf, type ServedMethod } from '@breakwater/rpc';
import {
  type EchoStatus,
  type SimpleRequest,
  type StreamingInputCallRequest,
  type StreamingOutputCallRequest,
  TestServiceDefinition,
} from '../gen/grpc/testing/test.pb.js';

/** Metadata that the service sends back: this one in the headers, */
export const ECHO_INITIAL = 'x-grpc-test-echo-initial';
/** and this one in the trailers. */
export const ECHO_TRAILING = 'x-grpc-test-echo-trailing-bin';

const payload = (size: number): { body: Buffer } => ({ body: Buffer.alloc(size) });
const only = (metadata: Metadata, key: string): Metadata =>
  Metadata.fromEntries([...metadata].filter((entry) => entry[0] === key));

/** The outcome that a request asks for instead of OK. */
function asked(status: EchoStatus | undefined, trailers: Metadata): Outcome | undefined {
  if (status === undefined || status.code === 0) return undefined;
  return fail({ code: toCode(status.code), details: status.message, origin: 'handler' }, 'no', trailers);
}

async function stream(call: Call, requests: AsyncIterable<unknown>, clock: Clock): Promise<Outcome> {
  const trailers = only(call.metadata, ECHO_TRAILING);
  call.responses?.headers(only(call.metadata, ECHO_INITIAL));
  for await (const one of requests) {
    const { responseStatus, responseParameters } = one as StreamingOutputCallRequest;
    const failed = asked(responseStatus, trailers);
    if (failed !== undefined) return failed;
    for (const { size, intervalUs } of responseParameters) {
      if (intervalUs > 0) await sleep(clock, intervalUs / 1000, call.cancellation);
      const more = call.responses?.message({ payload: payload(size) });
      if (more !== true) await more;
    }
  }
  return succeed(undefined, Metadata.EMPTY, trailers);
}

async function* single(message: unknown): AsyncGenerator<unknown> {
  yield message;
}

/** `UnimplementedCall` is left out: the transport has to answer it. */
const HANDLERS: Readonly<Record<string, (call: Call, clock: Clock) => Promise<Outcome>>> = {
  EmptyCall: async () => succeed({}),
  UnaryCall: async ({ request, metadata }) => {
    const { responseStatus, responseSize } = request as SimpleRequest;
    const trailers = only(metadata, ECHO_TRAILING);
    const response = succeed({ payload: payload(responseSize) }, only(metadata, ECHO_INITIAL), trailers);
    return asked(responseStatus, trailers) ?? response;
  },
  StreamingOutputCall: (call, clock) => stream(call, single(call.request), clock),
  StreamingInputCall: async ({ requests }) => {
    let size = 0;
    for await (const one of requests ?? []) size += (one as StreamingInputCallRequest).payload?.body.length ?? 0;
    return succeed({ aggregatedPayloadSize: size });
  },
  FullDuplexCall: (call, clock) => stream(call, call.requests ?? single({}), clock),
};

/** `grpc.testing.TestService`, for a transport's listener. */
export const testService = (clock: Clock): ReadonlyMap<string, ServedMethod> =>
  new Map(
    methodsOf(TestServiceDefinition).flatMap((method) => {
      const run = HANDLERS[method.method];
      if (run === undefined) return [];
      const handler: Handler = async (call) => {
        try {
          return await run(call, clock);
        } catch (error) {
          // A request stream throws when the call ends before it.
          if (call.cancellation.status === undefined) throw error;
          return fail(call.cancellation.status);
        }
      };
      return [[method.path, { method, handler }] as const];
    }),
  );
