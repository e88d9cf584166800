import { type Call, type Clock, type Handler, Metadata, type Outcome } from '@breakwater/core';
import { defectFailure, failureOf, type ServedMethod } from '@breakwater/rpc';
import type { UnaryRequest } from '../../gen/connectrpc/conformance/v1/service.pb.js';
import { type Received, serverMethod } from '../methods.js';
import { converse, stream } from './response-stream.js';
import { answerOnce, answerStream } from './single-response.js';

const unary = (call: Call, clock: Clock): Promise<Outcome> =>
  answerOnce(call, [call.request as Received<UnaryRequest>], clock);

/** `Unimplemented` is left out: the transport has to answer it. */
const HANDLERS: Readonly<Record<string, (call: Call, clock: Clock) => Promise<Outcome>>> = {
  Unary: unary,
  IdempotentUnary: unary,
  ClientStream: answerStream,
  ServerStream: stream,
  BidiStream: converse,
};

/** The suite's service, for a transport's listener. */
export const conformanceService = (clock: Clock): ReadonlyMap<string, ServedMethod> =>
  new Map(
    Object.entries(HANDLERS).map(([name, run]) => {
      const method = serverMethod(name);
      const handler: Handler = async (call) => {
        try {
          return await run(call, clock);
        } catch (error) {
          // A request stream throws when the call ends before it.
          return failureOf(error, call, Metadata.EMPTY) ?? defectFailure(error);
        }
      };
      return [method.path, { method, handler }];
    }),
  );
