import type { ServiceDefinition } from '@grpc/grpc-js';
import type { Idempotency, RpcKind } from '@breakwater/core';
import type { Method } from '@breakwater/rpc';
import { toBuffer } from '@breakwater/rpc/transport-kit';
import { idempotencyOf, kindOf } from '../interceptor/operations.js';

/** The methods of a stub as `grpcChannel` tells policies of them: their messages are bytes. */
export function methodsOfStub(service: ServiceDefinition): readonly Method[] {
  const idempotency = idempotencyOf([service]);
  return Object.values(service).map((definition) =>
    rawMethod(definition.path, kindOf(definition), idempotency.get(definition.path) ?? 'unknown'),
  );
}

/** A method whose messages are bytes: the stub of the application has encoded the request, and will decode the response. */
export function rawMethod(path: string, kind: RpcKind, idempotency: Idempotency): Method {
  const [, service = '', method = ''] = path.split('/');
  return {
    key: method,
    path,
    service,
    method,
    kind,
    idempotency,
    encodeRequest: asBytes,
    decodeRequest: toBuffer,
    encodeResponse: asBytes,
    decodeResponse: toBuffer,
  };
}

const asBytes = (message: unknown): Uint8Array => message as Uint8Array;
