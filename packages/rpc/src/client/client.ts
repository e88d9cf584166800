import type { Handler, Runtime } from '@breakwater/core';
import { enablePropagation } from '../context/propagation.js';
import type { InputOf, MessageOf, MethodDefinition, ServiceDefinition } from '../method/definition.js';
import { type Method, methodsOf } from '../method/method.js';
import { callForMany, callForOne } from './call-edge.js';
import type { CallOptions } from './options.js';
import type { BoundMethod } from './start-call.js';

/** One method as its caller sees it. A request stream is any async iterable; it is read as fast as the server takes it. */
export type ClientMethod<M extends MethodDefinition> = M['requestStream'] extends true
  ? M['responseStream'] extends true
    ? (
        requests: AsyncIterable<InputOf<M['requestType']>>,
        options?: CallOptions,
      ) => AsyncGenerator<MessageOf<M['responseType']>, void, undefined>
    : (
        requests: AsyncIterable<InputOf<M['requestType']>>,
        options?: CallOptions,
      ) => Promise<MessageOf<M['responseType']>>
  : M['responseStream'] extends true
    ? (
        request: InputOf<M['requestType']>,
        options?: CallOptions,
      ) => AsyncGenerator<MessageOf<M['responseType']>, void, undefined>
    : (request: InputOf<M['requestType']>, options?: CallOptions) => Promise<MessageOf<M['responseType']>>;

/**
 * A typed client: one function per method of the definition. They reject with `RpcError`, or with `ConfigError` for
 * options that make no sense. An RPC named `Then` is `then_`: with a function `then` the client would pass for a promise,
 * and every `await` and every async function it is returned from would call it.
 */
export type Client<D extends ServiceDefinition> = {
  readonly [K in keyof D['methods'] as K extends 'then' ? 'then_' : K]: ClientMethod<D['methods'][K]>;
};

export interface BindOptions {
  readonly target: string;
  readonly runtime: Runtime;
  /** The composed stack of a method over the channel's leaf. Asked once per method. */
  readonly handlerFor: (method: Method) => Handler;
}

/**
 * Makes the functions of a client. Switches context propagation on for this process.
 * @throws ConfigError for something that is no service definition
 */
export function bindClient<D extends ServiceDefinition>(definition: D, options: BindOptions): Client<D> {
  enablePropagation();
  const client: Record<string, unknown> = {};
  for (const method of methodsOf(definition)) {
    const bound: BoundMethod = {
      method,
      handler: options.handlerFor(method),
      target: options.target,
      runtime: options.runtime,
    };
    const name = method.key === 'then' ? 'then_' : method.key;
    // Defined, not assigned: an RPC may be called __proto__.
    Object.defineProperty(client, name, { value: functionFor(bound), enumerable: true });
  }
  return Object.freeze(client) as Client<D>;
}

function functionFor(bound: BoundMethod): unknown {
  switch (bound.method.kind) {
    case 'unary':
      return (request: unknown, options?: CallOptions) => callForOne(bound, request, undefined, options);
    case 'client_stream':
      return (requests: AsyncIterable<unknown>, options?: CallOptions) =>
        callForOne(bound, undefined, requests, options);
    case 'server_stream':
      return (request: unknown, options?: CallOptions) => callForMany(bound, request, undefined, options);
    case 'bidi':
      return (requests: AsyncIterable<unknown>, options?: CallOptions) =>
        callForMany(bound, undefined, requests, options);
  }
}
