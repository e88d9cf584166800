import type { ClientOptions, InterceptingCall, Interceptor, ServiceDefinition } from '@grpc/grpc-js';
import { createRuntime, requireKnownKeys, type Around, type Runtime } from '@breakwater/core';
import { ClientPolicyCall, OWNER, type ClientPolicyHost } from './client-policy-call.js';
import { idempotencyOf, Operations } from './operations.js';

export interface ClientInterceptorOptions {
  /**
   * The services called through it, as `@grpc/proto-loader` or a generator defines them: their `idempotency_level` tells
   * `retry` which methods may be repeated. Default: none known, so that only calls that were certainly not sent are.
   */
  readonly services?: readonly ServiceDefinition[];
  /** What the calls go to, for errors and events. Default `grpc-js`. */
  readonly target?: string;
  readonly runtime?: Runtime;
}

/**
 * Our policies as a grpc-js client interceptor: admission, deadline, cancellation, retries and the outcome of each call
 * go through `around`, which is applied once per method.
 *
 * Holds the call back until the policies admit it. Each attempt is a new call of what follows in the chain, for streams
 * too as long as `retry` keeps their messages. A call that is cancelled in the tick of its start is not sent.
 * A refusal reaches the stub as an ordinary ServiceError, with the reason in its metadata (`grpc-status-details-bin`).
 *
 * grpc-js drops a client's interceptors for calls that bring their own: see `alwaysIntercept`. Do not combine it with a
 * `retryPolicy` in a service config, which would repeat each of its attempts.
 *
 * @throws ConfigError for an unknown option
 */
export function clientInterceptor(around: Around, options: ClientInterceptorOptions = {}): Interceptor {
  requireKnownKeys('clientInterceptor', options, ['services', 'target', 'runtime']);
  const { clock, events } = options.runtime ?? createRuntime();
  const host: ClientPolicyHost = { clock, events, target: options.target ?? 'grpc-js' };
  const operations = new Operations(
    around,
    (call) => {
      const owner = call.attributes.get(OWNER);
      if (owner === undefined)
        return Promise.reject(new Error('a policy has replaced the attributes of the call instead of adding to them'));
      return owner.run(call);
    },
    idempotencyOf(options.services ?? []),
  );
  return (callOptions, nextCall) => {
    const { operation, handler } = operations.of(callOptions.method_definition);
    // grpc-js uses nothing of an InterceptingCall but the methods that ours has.
    return new ClientPolicyCall(host, operation, handler, callOptions, nextCall) as unknown as InterceptingCall;
  };
}

/**
 * Client options under which `interceptors` (first = outermost) apply to every call, also to one that brings its own:
 * those come after. Pass them on as a whole: `new Client(address, credentials, alwaysIntercept(policies))`.
 */
export function alwaysIntercept(
  ...interceptors: readonly Interceptor[]
): Pick<ClientOptions, 'callInvocationTransformer'> {
  return {
    callInvocationTransformer: (properties) => {
      const { interceptors: own = [], interceptor_providers: providers = [] } = properties.callOptions;
      const callOptions = { ...properties.callOptions };
      if (providers.length > 0)
        callOptions.interceptor_providers = [...interceptors.map((one) => () => one), ...providers];
      else callOptions.interceptors = [...interceptors, ...own];
      return { ...properties, callOptions };
    },
  };
}
