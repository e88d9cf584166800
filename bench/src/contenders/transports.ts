import type { Transport } from '@breakwater/rpc';

/** Transports of ours: every contender on a transport is measured on each of them. */
export type TransportName = 'grpc-js' | 'wire';

/** Where a transport comes from. */
export const PACKAGE_OF: Readonly<Record<TransportName, string>> = {
  'grpc-js': '@breakwater/grpc',
  wire: '@breakwater/wire',
};

/** Makes a transport of its own for every client: channels are shared by transport, and so are connections. */
export type MakeTransport = () => Transport;

/** Loads a transport. @returns undefined while its package exports none */
export async function transportOf(name: TransportName): Promise<MakeTransport | undefined> {
  switch (name) {
    case 'grpc-js': {
      const { grpcTransport } = await import('@breakwater/grpc');
      return () => grpcTransport();
    }
    case 'wire': {
      const { wireTransport } = (await import('@breakwater/wire')) as { readonly wireTransport?: () => Transport };
      return wireTransport === undefined ? undefined : () => wireTransport();
    }
  }
}

/** @throws Error when its package exports no transport */
export async function requireTransport(name: TransportName): Promise<MakeTransport> {
  const transport = await transportOf(name);
  if (transport === undefined) throw new Error(`${PACKAGE_OF[name]} exports no transport`);
  return transport;
}
