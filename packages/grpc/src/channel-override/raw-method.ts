import type { Idempotency, RpcKind } from '@breakwater/core';
import type { Method } from '@breakwater/rpc';
import { toBuffer } from '@breakwater/rpc/transport-kit';

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
