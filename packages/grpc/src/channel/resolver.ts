import { Metadata, status as grpcStatus, type ChannelOptions, type ServiceConfig } from '@grpc/grpc-js';
import type { Status } from '@breakwater/core';
import {
  eligible,
  parseTarget,
  type Endpoint,
  type EndpointSet,
  type Registry,
  type Watcher,
} from '@breakwater/discovery';
import { message } from '@breakwater/rpc/transport-kit';
import {
  statusOrFromError,
  statusOrFromValue,
  SUBCHANNEL_ARGS_EXCLUDE_KEY_PREFIX,
  type GrpcEndpoint,
  type GrpcUri,
  type Resolver,
  type ResolverListener,
} from './experimental.js';

/** Where the balancer finds what the registry said of each endpoint. The prefix keeps it out of the connections' keys. */
export const ENDPOINTS_ATTRIBUTE = `${SUBCHANNEL_ARGS_EXCLUDE_KEY_PREFIX}.breakwater.endpoints`;

/** Key of an endpoint in that attribute. */
export const addressKey = (endpoint: GrpcEndpoint): string => {
  const [address] = endpoint.addresses;
  return address !== undefined && 'host' in address ? `${address.host}|${address.port}` : '';
};

/**
 * A watch of one of our registries as a grpc-js resolver. The registry tells of changes by itself, so a request to resolve
 * again is passed on as a hint only: repeating the old list would reset the balancer's backoff and spin. The listener is
 * never called synchronously, and not after `destroy()`; the same object may be woken again after it.
 */
export class RegistryResolver implements Resolver {
  private watcher: Watcher | undefined;
  private readonly serviceConfig: ServiceConfig | undefined;

  /** @param policy name of the load-balancing policy to ask for; a service config of the channel's own comes before it */
  constructor(
    private readonly registry: Registry,
    private readonly target: GrpcUri,
    private readonly listener: ResolverListener,
    options: ChannelOptions,
    policy: string | undefined,
  ) {
    if (policy !== undefined && options['grpc.service_config'] === undefined) {
      this.serviceConfig = { loadBalancingConfig: [{ [policy]: {} }], methodConfig: [] };
    }
  }

  updateResolution(): void {
    if (this.watcher !== undefined) {
      this.watcher.refresh?.();
      return;
    }
    let watcher: Watcher;
    try {
      watcher = this.registry.watch(parseTarget(uriOf(this.target)));
    } catch (error) {
      queueMicrotask(() => this.fail(message(error)));
      return;
    }
    this.watcher = watcher;
    watcher.subscribe((set) => {
      if (this.watcher === watcher) this.publish(set);
    });
  }

  destroy(): void {
    this.watcher?.close();
    this.watcher = undefined;
  }

  private publish(set: EndpointSet): void {
    const usable = eligible(set.endpoints);
    const known = new Map<string, Endpoint>();
    const endpoints = usable.map((endpoint) => {
      const converted: GrpcEndpoint = { addresses: [{ host: endpoint.host, port: endpoint.port }] };
      known.set(addressKey(converted), endpoint);
      return converted;
    });
    const config = this.serviceConfig === undefined ? null : statusOrFromValue(this.serviceConfig);
    this.listener(
      statusOrFromValue(endpoints),
      { [ENDPOINTS_ATTRIBUTE]: known },
      config,
      set.stale ? 'the registry cannot be reached' : '',
    );
    // An empty list alone leaves calls waiting for their deadline; with the error after it they fail at once and say why.
    if (usable.length === 0) this.fail(describe(set.unavailable));
  }

  private fail(details: string): void {
    const config = this.serviceConfig === undefined ? null : statusOrFromValue(this.serviceConfig);
    this.listener(
      statusOrFromError({ code: grpcStatus.UNAVAILABLE, details, metadata: new Metadata() }),
      {},
      config,
      details,
    );
  }
}

const describe = (unavailable: Status | undefined): string =>
  unavailable === undefined
    ? 'no endpoint is eligible'
    : `${unavailable.details} (${unavailable.reason ?? 'NO_ENDPOINTS'})`;

/** grpc-js splits a URI at its third slash and leaves the query in the path. */
export const uriOf = ({ scheme, authority, path }: GrpcUri): string => `${scheme ?? ''}://${authority ?? ''}/${path}`;
