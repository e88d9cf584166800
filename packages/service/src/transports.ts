import { ConfigError, requireOneOf } from '@breakwater/core';
import { grpcTransport } from '@breakwater/grpc';
import type { Transport } from '@breakwater/rpc';
import { wireTransport } from '@breakwater/wire';

/** `wire`: our own HTTP/2, the default. `grpc-js`: the library of the gRPC project. Both speak to every gRPC peer. */
export type TransportName = 'wire' | 'grpc-js';

export const TRANSPORT_NAMES: readonly TransportName[] = ['wire', 'grpc-js'];
export const DEFAULT_TRANSPORT: TransportName = 'wire';

/** One of each for the process, made at first use. */
const made = new Map<TransportName, Transport>();

/** The transport of that name that clients and services of this process share. */
export function transportNamed(name: TransportName): Transport {
  let transport = made.get(name);
  if (transport === undefined) made.set(name, (transport = name === 'wire' ? wireTransport() : grpcTransport()));
  return transport;
}

/**
 * The transport to use.
 * @param code what the code says: an object is meant, and no setting from outside takes its place
 * @param configured what code, file and environment say together
 */
export function transportOf(
  code: Transport | TransportName | undefined,
  configured: Transport | TransportName | undefined,
): Transport {
  if (typeof code === 'object') return code;
  if (typeof configured === 'object') return configured;
  return transportNamed(configured ?? code ?? DEFAULT_TRANSPORT);
}

/** @throws ConfigError for what is neither the name of a transport nor one */
export function checkTransport(transport: Transport | TransportName | undefined): void {
  if (transport === undefined || typeof (transport as Partial<Transport> | null)?.connect === 'function') return;
  if (typeof transport === 'string') requireOneOf('transport', transport, TRANSPORT_NAMES);
  else {
    throw new ConfigError(
      'transport',
      transport,
      '"wire", "grpc-js", or a transport such as wireTransport() or inProcessTransport()',
    );
  }
}
