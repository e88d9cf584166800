import { methodsOf, type Method } from '@breakwater/rpc';
import {
  type BidiStreamRequest,
  type ClientStreamRequest,
  ConformanceServiceDefinition,
  type ServerStreamRequest,
  type UnaryRequest,
} from '../gen/connectrpc/conformance/v1/service.pb.js';

/** Any request of the suite's service. */
export type SuiteRequest = UnaryRequest | ClientStreamRequest | ServerStreamRequest | BidiStreamRequest;

/** A request as it arrived: its bytes are sent back in an `Any`. */
export interface Received<M> {
  readonly message: M;
  readonly any: { readonly typeUrl: string; readonly value: Buffer };
}

const METHODS = methodsOf(ConformanceServiceDefinition);

/** Full name of a method's request type, with the prefix of an `Any`. */
export const requestTypeUrl = (method: Method): string =>
  `type.googleapis.com/connectrpc.conformance.v1.${method.method}Request`;

/** A method as the client calls it: requests are bytes that the runner has encoded. */
export function clientMethod(name: string): Method | undefined {
  const method = METHODS.find((one) => one.method === name);
  return method === undefined
    ? undefined
    : { ...method, requestCodec: undefined, encodeRequest: (message) => message as Uint8Array };
}

/** A method as the server serves it: requests come as `Received`. */
export function serverMethod(name: string): Method {
  const method = METHODS.find((one) => one.method === name);
  if (method === undefined) throw new Error(`the suite's service has no method ${name}`);
  const typeUrl = requestTypeUrl(method);
  return {
    ...method,
    requestCodec: undefined,
    decodeRequest: (bytes): Received<SuiteRequest> => ({
      message: method.decodeRequest(bytes) as SuiteRequest,
      any: { typeUrl, value: Buffer.from(bytes) },
    }),
  };
}
