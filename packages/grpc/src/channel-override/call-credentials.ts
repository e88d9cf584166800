import { credentials, type CallCredentials as GrpcCallCredentials } from '@grpc/grpc-js';
import { Code, RpcError, toCode } from '@breakwater/core';
import type { CallCredentials } from '@breakwater/rpc';
import { requestMetadata } from './metadata-copies.js';

/** What no control plane may say of a call; grpc-js makes INTERNAL of these. @see gRFC A54 */
const NOT_FOR_PLUGINS: ReadonlySet<Code> = new Set([
  Code.OK,
  Code.INVALID_ARGUMENT,
  Code.NOT_FOUND,
  Code.ALREADY_EXISTS,
  Code.FAILED_PRECONDITION,
  Code.ABORTED,
  Code.OUT_OF_RANGE,
  Code.DATA_LOSS,
]);

/** Whether these are the credentials that give nothing, which are no secret. */
const isEmpty = (given: GrpcCallCredentials): boolean => given._equals(credentials.createEmpty());

/**
 * grpc-js call credentials as ours: asked once per attempt, with path and service URL as grpc-js makes them. The code of
 * an error that has one is kept.
 * @returns undefined for empty credentials
 */
export function callCredentials(given: GrpcCallCredentials, authority: string): CallCredentials | undefined {
  if (isEmpty(given)) return undefined;
  return async ({ path }) => {
    const service = path.split('/')[1] ?? '';
    const options = { method_name: path, service_url: `https://${hostOf(authority)}/${service}` };
    try {
      return requestMetadata(await given.generateMetadata(options));
    } catch (error) {
      throw refusal(error);
    }
  };
}

const hostOf = (authority: string): string => authority.replace(/:\d+$/, '');

function refusal(error: unknown): RpcError {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  const details = `Getting metadata from plugin failed with error: ${String(message)}`;
  const given = typeof code === 'number' ? toCode(code) : Code.UNKNOWN;
  return NOT_FOR_PLUGINS.has(given)
    ? new RpcError(Code.INTERNAL, `Invalid status from control plane: ${given} ${Code[given]} ${details}`, {
        cause: error,
      })
    : new RpcError(given, details, { cause: error });
}
