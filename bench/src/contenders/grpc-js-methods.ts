import { AuthorizeRequest, AuthorizeResponse, PaymentsDefinition } from '@breakwater/contracts/shop/payments/v1';
import type { MethodDefinition, ServiceDefinition } from '@breakwater/rpc';
import type * as grpc from '@grpc/grpc-js';
import { Entry, LoadDefinition, Payload, ServerStreamRequest } from '../gen/bench/v1/load.pb.js';

/** A ts-proto message. */
interface Type<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

/** What ts-proto's `outputServices=grpc-js` generates for a method. */
const method = <Q, R>(
  service: ServiceDefinition,
  { name, requestStream, responseStream }: MethodDefinition,
  request: Type<Q>,
  response: Type<R>,
): grpc.MethodDefinition<Q, R> => ({
  path: `/${service.fullName}/${name}`,
  requestStream,
  responseStream,
  requestSerialize: (value) => Buffer.from(request.encode(value).finish()),
  requestDeserialize: (bytes) => request.decode(bytes),
  responseSerialize: (value) => Buffer.from(response.encode(value).finish()),
  responseDeserialize: (bytes) => response.decode(bytes),
});

const { unary, serverStream, bidi } = LoadDefinition.methods;

export const PAYMENTS_METHODS = {
  authorize: method(PaymentsDefinition, PaymentsDefinition.methods.authorize, AuthorizeRequest, AuthorizeResponse),
};

export const LOAD_METHODS = {
  unary: method(LoadDefinition, unary, Payload, Payload),
  serverStream: method(LoadDefinition, serverStream, ServerStreamRequest, Entry),
  bidi: method(LoadDefinition, bidi, Payload, Payload),
};

type Done<R> = (error: grpc.ServiceError | null, value?: R) => void;
type Unary<Q, R> = (
  request: Q,
  metadata: grpc.Metadata,
  options: grpc.CallOptions,
  done: Done<R>,
) => grpc.ClientUnaryCall;

/** The generated client of the shop's payments, as far as it is called. */
export interface PaymentsStub extends grpc.Client {
  authorize: Unary<AuthorizeRequest, AuthorizeResponse>;
}

/** The generated client of the load service. */
export interface LoadStub extends grpc.Client {
  unary: Unary<Payload, Payload>;
  serverStream(
    request: ServerStreamRequest,
    metadata: grpc.Metadata,
    options: grpc.CallOptions,
  ): grpc.ClientReadableStream<Entry>;
  bidi(metadata: grpc.Metadata, options: grpc.CallOptions): grpc.ClientDuplexStream<Payload, Payload>;
}
