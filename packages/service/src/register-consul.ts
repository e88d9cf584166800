import { consul, type ConsulOptions } from '@breakwater/consul';
import type { Registry } from '@breakwater/discovery';
import { installRegistry, type InstallOptions } from '@breakwater/grpc';
import { defaultConsul } from './defaults.js';

/**
 * Makes `consul:///name` resolve in every plain grpc-js channel of this process, over the same watches as Breakwater's
 * clients, and balances it with our picker. Call it once, before the first channel is used.
 *
 * @param options of the registry; default: the one that `createClient` uses (`CONSUL_HTTP_ADDR`, `CONSUL_HTTP_TOKEN`)
 * @param install which balancer, see `installRegistry`
 * @returns the registry, for `register` and `close`
 * @throws ConfigError for options out of range
 */
export function registerConsul(options?: ConsulOptions, install?: InstallOptions): Registry {
  const registry = options === undefined ? defaultConsul() : consul(options);
  installRegistry(registry, install);
  return registry;
}
