import type { InputOf, MessageOf, MethodDefinition, ServiceDefinition } from '../method/definition.js';
import type { CallContext } from '../context/call-context.js';

/**
 * What an application writes for one method: an async function, or an async generator for a response stream. The
 * request of client-streaming and bidi methods is an async iterable; iterating slowly slows the sender down.
 */
export type MethodImplementation<M extends MethodDefinition> = M['requestStream'] extends true
  ? M['responseStream'] extends true
    ? (
        requests: AsyncIterable<MessageOf<M['requestType']>>,
        context: CallContext,
      ) => AsyncIterable<InputOf<M['responseType']>>
    : (
        requests: AsyncIterable<MessageOf<M['requestType']>>,
        context: CallContext,
      ) => Promise<InputOf<M['responseType']>>
  : M['responseStream'] extends true
    ? (request: MessageOf<M['requestType']>, context: CallContext) => AsyncIterable<InputOf<M['responseType']>>
    : (request: MessageOf<M['requestType']>, context: CallContext) => Promise<InputOf<M['responseType']>>;

/** One handler per method of the definition. */
export type ServiceImplementation<D extends ServiceDefinition> = {
  [K in keyof D['methods']]: MethodImplementation<D['methods'][K]>;
};
