import { bindClient, type Client, methodsOf, type ServiceDefinition } from '@breakwater/rpc';
import { openClient } from './client-handle.js';
import { type ClientOptions, resolveClientOptions } from './client-options.js';

/**
 * A typed client of `target`, with discovery, balancing and the complete default stack. Cheap: clients of one target
 * share their connections. Nothing is looked up or connected before the first call.
 *
 * @param target `consul:///payments`, `static:///host:port,host:port`, `dns:///host:port`, or `host:port`
 * @throws ConfigError for options that make no sense, naming field, value and range
 */
export function createClient<D extends ServiceDefinition>(
  definition: D,
  target: string,
  given: ClientOptions = {},
): Client<D> {
  const setup = resolveClientOptions(target, given, methodsOf(definition));
  return openClient(setup, ({ lease, stackFor }) =>
    bindClient(definition, {
      target,
      runtime: setup.channel.runtime,
      handlerFor: (method) => stackFor(method)(lease.handler(method)),
    }),
  );
}
