import { requireKnownKeys } from '@breakwater/core';
import type { Transport } from '@breakwater/rpc';
import { GrpcConnection } from './connection.js';
import { GrpcListener } from './listener.js';

/** Nothing can be set so far: limits, TLS and backoff come with each connection and listener. */
export type GrpcTransportOptions = Readonly<Record<never, never>>;

/**
 * The transport on `@grpc/grpc-js`: one single-address channel per endpoint, whose own balancing and retry policies are
 * unused, and one grpc-js server per listener.
 *
 * @throws ConfigError for unknown options; from `connect` and `listen`, for PEMs that cannot be used
 */
export function grpcTransport(options: GrpcTransportOptions = {}): Transport {
  requireKnownKeys('grpcTransport', options, []);
  return {
    name: 'grpc-js',
    connect: (address, connectOptions) => new GrpcConnection(address, connectOptions),
    listen: async (listenOptions, methods) => {
      const listener = new GrpcListener(listenOptions, methods);
      await listener.listen();
      return listener;
    },
  };
}
