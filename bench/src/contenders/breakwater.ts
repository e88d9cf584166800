import { PaymentsDefinition } from '@breakwater/contracts/shop/payments/v1';
import { enablePropagation } from '@breakwater/rpc';
import { closeClient, createClient, createService } from '@breakwater/service';
import { LoadDefinition } from '../gen/bench/v1/load.pb.js';
import { CA, CERTIFICATE, KEY, SERVER_NAME } from './certificates.js';
import type { RunningClient, RunningServer, Setup, Sides } from './contender.js';
import { countOf, echo, entries, pingPongOver } from './streams.js';
import type { Stacks } from './stacks.js';
import type { MakeTransport } from './transports.js';
import { HOST, METADATA, REQUEST, RESPONSE, SERVICE } from './workload.js';

/** A service made by the public API. */
export async function breakwaterServer(
  make: MakeTransport,
  { server: policies, propagation }: Stacks,
  { tls }: Setup,
): Promise<RunningServer> {
  if (propagation) enablePropagation();
  const notMeasured = (): never => {
    throw new Error('not part of this benchmark');
  };
  const service = createService({
    name: SERVICE,
    host: HOST,
    logger: false,
    signals: false,
    transport: make(),
    policies,
    ...(tls ? { tls: { cert: Buffer.from(CERTIFICATE), key: Buffer.from(KEY) } } : {}),
  })
    .add(PaymentsDefinition, { authorize: async () => RESPONSE, refund: notMeasured, listPayments: notMeasured })
    .add(LoadDefinition, {
      unary: async ({ data }) => ({ data }),
      serverStream: ({ count }) => entries(count),
      bidi: echo,
    });
  const { port } = await service.start();
  return { port, close: async () => void (await service.stop()) };
}

/** A client made by the public API. */
export async function breakwaterClient(
  make: MakeTransport,
  { client: policies }: Stacks,
  port: number,
  { tls }: Setup,
): Promise<RunningClient> {
  const shared = {
    transport: make(),
    policies,
    ...(tls ? { tls: { ca: Buffer.from(CA), serverName: SERVER_NAME } } : {}),
  };
  const payments = createClient(PaymentsDefinition, `${HOST}:${port}`, shared);
  const load = createClient(LoadDefinition, `${HOST}:${port}`, shared);
  const options = { metadata: METADATA };
  return {
    unary: () => payments.authorize(REQUEST, options),
    payload: async (data) => (await load.unary({ data }, options)).data.length,
    serverStream: (count) => countOf(load.serverStream({ count }, options)),
    bidi: () => pingPongOver((requests) => load.bidi(requests, options)),
    close: async () => {
      await Promise.all([closeClient(payments), closeClient(load)]);
    },
  };
}

/** Both ends of ours on one transport. */
export const breakwater = (make: MakeTransport, stacks: Stacks): Sides => ({
  serve: (setup) => breakwaterServer(make, stacks, setup),
  connect: (port, setup) => breakwaterClient(make, stacks, port, setup),
});
