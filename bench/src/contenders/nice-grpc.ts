import { PaymentsDefinition } from '@breakwater/contracts/shop/payments/v1';
import { ServerCredentials } from '@grpc/grpc-js';
import { ChannelCredentials, createChannel, createClientFactory, createServer, Metadata } from 'nice-grpc';
import { deadlineMiddleware } from 'nice-grpc-client-middleware-deadline';
import { retryMiddleware } from 'nice-grpc-client-middleware-retry';
import { LoadDefinition } from '../gen/bench/v1/load.pb.js';
import { CA, CERTIFICATE, KEY, SERVER_NAME } from './certificates.js';
import type { Sides } from './contender.js';
import { countOf, echo, entries, pingPongOver } from './streams.js';
import { HOST, METADATA, REQUEST, RESPONSE, TIMEOUT_MS } from './workload.js';

/** The one method of the shop that is called; nice-grpc takes the same generic definition. */
const payments = { ...PaymentsDefinition, methods: { authorize: PaymentsDefinition.methods.authorize } } as const;

/** nice-grpc with its retry and deadline middleware. */
export const niceGrpc: Sides = {
  async serve({ tls }) {
    const server = createServer();
    server.add(payments, { authorize: async () => RESPONSE });
    server.add(LoadDefinition, {
      unary: async ({ data }) => ({ data }),
      serverStream: ({ count }) => entries(count),
      bidi: echo,
    });
    const credentials = tls
      ? ServerCredentials.createSsl(null, [{ cert_chain: Buffer.from(CERTIFICATE), private_key: Buffer.from(KEY) }])
      : ServerCredentials.createInsecure();
    const port = await server.listen(`${HOST}:0`, credentials);
    return { port, close: async () => server.forceShutdown() };
  },
  async connect(port, { tls }) {
    const credentials = tls ? ChannelCredentials.createSsl(Buffer.from(CA)) : ChannelCredentials.createInsecure();
    const channel = createChannel(`${HOST}:${port}`, credentials, {
      'grpc.use_local_subchannel_pool': 1,
      ...(tls ? { 'grpc.ssl_target_name_override': SERVER_NAME } : {}),
    });
    const factory = createClientFactory().use(retryMiddleware).use(deadlineMiddleware);
    const shop = factory.create(payments, channel);
    const load = factory.create(LoadDefinition, channel);
    const stream = () => ({ metadata: Metadata(METADATA) });
    const options = () => ({ ...stream(), deadline: new Date(Date.now() + TIMEOUT_MS), retry: true });
    return {
      unary: () => shop.authorize(REQUEST, options()),
      payload: async (data) => (await load.unary({ data }, options())).data.length,
      serverStream: (count) => countOf(load.serverStream({ count }, stream())),
      bidi: () => pingPongOver((requests) => load.bidi(requests, stream())),
      close: async () => channel.close(),
    };
  },
};
