import { type Ability, ALL_ABILITIES, BUSY_ABILITIES, type Contender, type Sides } from './contender.js';
import { PACKAGE_OF, requireTransport, type TransportName, transportOf } from './transports.js';

/** A contender on one of our transports, there when the transport is. */
const contender = (
  transport: TransportName,
  name: string,
  can: ReadonlySet<Ability>,
  sides: () => Promise<Sides>,
): Contender => ({
  name,
  packages: ['@breakwater/service', PACKAGE_OF[transport]],
  can,
  sides,
  available: async () => (await transportOf(transport)) !== undefined,
});

/** The three ways in which a transport of ours is measured. */
export function onTransport(transport: TransportName): readonly Contender[] {
  const variant = (
    label: string,
    can: ReadonlySet<Ability>,
    stacks: 'NO_POLICIES' | 'DEFAULT_STACKS' | 'PROPAGATING',
  ): Contender =>
    contender(transport, `breakwater on ${transport}, ${label}`, can, async () => {
      const [{ breakwater }, all] = await Promise.all([import('./breakwater.js'), import('./stacks.js')]);
      return breakwater(await requireTransport(transport), all[stacks]);
    });
  return [
    variant('no policies', BUSY_ABILITIES, 'NO_POLICIES'),
    variant('default stacks', ALL_ABILITIES, 'DEFAULT_STACKS'),
    variant('default stacks + context propagation', new Set(['unary'] as const), 'PROPAGATING'),
  ];
}

/** A transport of ours with plain grpc-js at the other end, or above it. */
export function besideGrpcJs(transport: TransportName): readonly Contender[] {
  const mixed = async () => ({ ...(await import('./mixed.js')), make: await requireTransport(transport) });
  const stub = contender(
    transport,
    `generated grpc-js client over grpcChannel -> breakwater server on ${transport}`,
    new Set([...BUSY_ABILITIES].filter((ability) => ability !== 'tls')),
    async () => {
      const { generatedStub, make } = await mixed();
      return generatedStub(make);
    },
  );
  return [
    contender(transport, `breakwater client on ${transport} -> grpc-js server`, BUSY_ABILITIES, async () => {
      const { clientOnly, make } = await mixed();
      return clientOnly(make);
    }),
    contender(transport, `grpc-js client -> breakwater server on ${transport}`, BUSY_ABILITIES, async () => {
      const { serverOnly, make } = await mixed();
      return serverOnly(make);
    }),
    {
      ...stub,
      available: async () =>
        (await transportOf(transport)) !== undefined && (await import('./mixed.js')).hasGrpcChannel,
    },
  ];
}
