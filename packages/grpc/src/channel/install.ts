import { systemRandom, type Random, requireKnownKeys, requireOneOf } from '@breakwater/core';
import { leastInFlight, roundRobin, type PickerFactory, type Registry } from '@breakwater/discovery';
import type { ChannelOptions } from '@grpc/grpc-js';
import { PickerBalancer } from './balancer.js';
import {
  registerLoadBalancerType,
  registerResolver,
  type ChannelControlHelper,
  type GrpcUri,
  type ResolverListener,
  type TypedLoadBalancingConfig,
} from './experimental.js';
import { RegistryResolver } from './resolver.js';

/** Names of our pickers as grpc-js load-balancing policies, for a service config: `{"loadBalancingConfig": [{"breakwater_p2c": {}}]}`. */
export const BALANCERS = ['breakwater_p2c', 'breakwater_round_robin'] as const;
export type BalancerName = (typeof BALANCERS)[number];

export interface InstallOptions {
  /**
   * How channels of this registry spread their calls, unless their own `grpc.service_config` says otherwise: power of two
   * choices by calls in flight, our weighted round robin, or `grpc-js` for grpc-js' default (pick_first). Default `breakwater_p2c`.
   */
  readonly balancer?: BalancerName | 'grpc-js';
  /** Default: the system's. */
  readonly random?: Random;
}

/**
 * Makes `scheme:///name` of a registry work as the target of every grpc-js channel that is created from now on in this
 * process, and our pickers as its load balancing. grpc-js keeps resolvers per scheme in a table of the module: the last one
 * installed wins, and a second copy of grpc-js in node_modules has a table of its own.
 *
 * The registry stays the caller's: close it after the channels.
 *
 * @throws ConfigError for an unknown option or balancer
 */
export function installRegistry(registry: Registry, options: InstallOptions = {}): void {
  requireKnownKeys('installRegistry', options, ['balancer', 'random']);
  const balancer = requireOneOf('installRegistry.balancer', options.balancer ?? 'breakwater_p2c', [
    ...BALANCERS,
    'grpc-js',
  ]);
  installBalancers(options.random);
  const policy = balancer === 'grpc-js' ? undefined : balancer;
  registerResolver(
    registry.scheme,
    class extends RegistryResolver {
      constructor(target: GrpcUri, listener: ResolverListener, channelOptions: ChannelOptions) {
        super(registry, target, listener, channelOptions, policy);
      }

      /** The service's name: what TLS verifies and `:authority` says. */
      static getDefaultAuthority(target: GrpcUri): string {
        return target.path.replace(/\?.*$/, '');
      }
    },
  );
}

/** Registers our pickers as grpc-js load-balancing policies, for channels with resolvers of their own. Idempotent. */
export function installBalancers(random: Random = systemRandom): void {
  register('breakwater_p2c', leastInFlight, random);
  register('breakwater_round_robin', roundRobin, random);
}

function register(name: BalancerName, picker: PickerFactory, random: Random): void {
  registerLoadBalancerType(
    name,
    class extends PickerBalancer {
      constructor(control: ChannelControlHelper) {
        super(control, name, picker, random);
      }
    },
    class Config implements TypedLoadBalancingConfig {
      getLoadBalancerName(): string {
        return name;
      }

      toJsonObject(): object {
        return { [name]: {} };
      }

      /** The policies have no options so far; what else is written there is of no effect. */
      static createFromJson(): Config {
        return new Config();
      }
    },
  );
}
