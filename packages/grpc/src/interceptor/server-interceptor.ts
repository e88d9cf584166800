import type { ServerInterceptingCall, ServerInterceptor, ServiceDefinition } from '@grpc/grpc-js';
import { createRuntime, requireKnownKeys, type Around, type Runtime } from '@breakwater/core';
import { idempotencyOf, Operations } from './operations.js';
import { SERVER_OWNER, ServerPolicyCall, type ServerPolicyHost } from './server-policy-call.js';

export interface ServerInterceptorOptions {
  /** The services served, for their `idempotency_level`. Default: none known. */
  readonly services?: readonly ServiceDefinition[];
  /** Name of the service, for `Call.target`. Default `grpc-js`. */
  readonly name?: string;
  readonly runtime?: Runtime;
}

/**
 * Our policies as a grpc-js server interceptor: `new Server({ interceptors: [serverInterceptor(stack(...))] })`. A call
 * reaches the application's handler when `around` admits it; a refused one never does. For unary and server-streaming
 * calls the request has been read by then, and `call.request` is the message. Streams are admitted and settled as a whole;
 * their request messages go past the policies.
 *
 * @throws ConfigError for an unknown option
 */
export function serverInterceptor(around: Around, options: ServerInterceptorOptions = {}): ServerInterceptor {
  requireKnownKeys('serverInterceptor', options, ['services', 'name', 'runtime']);
  const { clock, events } = options.runtime ?? createRuntime();
  const host: ServerPolicyHost = { clock, events, name: options.name ?? 'grpc-js' };
  const operations = new Operations(
    around,
    (call) => {
      const owner = call.attributes.get(SERVER_OWNER);
      if (owner === undefined)
        return Promise.reject(new Error('a policy has replaced the attributes of the call instead of adding to them'));
      return owner.run(call);
    },
    idempotencyOf(options.services ?? []),
  );
  return (method, next) => {
    const { operation, handler } = operations.of(method);
    // grpc-js uses nothing of a ServerInterceptingCall but the methods that ours has.
    return new ServerPolicyCall(host, operation, handler, next) as unknown as ServerInterceptingCall;
  };
}
