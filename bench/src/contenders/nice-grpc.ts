import { PaymentsDefinition } from '@breakwater/contracts/shop/payments/v1';
import { createChannel, createClientFactory, createServer, Metadata } from 'nice-grpc';
import { deadlineMiddleware } from 'nice-grpc-client-middleware-deadline';
import { retryMiddleware } from 'nice-grpc-client-middleware-retry';
import type { Contender } from './contender.js';
import { versionOf } from './version-of.js';
import { HOST, METADATA, REQUEST, RESPONSE, TIMEOUT_MS } from './workload.js';

/** The one method that is called; nice-grpc takes the same generic definition. */
const definition = { ...PaymentsDefinition, methods: { authorize: PaymentsDefinition.methods.authorize } } as const;

/** nice-grpc with its retry and deadline middleware. */
export const niceGrpc: Contender = {
  name: 'nice-grpc, retry + deadline',
  versions: {
    'nice-grpc': versionOf('nice-grpc'),
    'nice-grpc-client-middleware-retry': versionOf('nice-grpc-client-middleware-retry'),
  },
  async serve() {
    const server = createServer();
    server.add(definition, { authorize: async () => RESPONSE });
    const port = await server.listen(`${HOST}:0`);
    return { port, close: async () => server.forceShutdown() };
  },
  async connect(port) {
    const channel = createChannel(`${HOST}:${port}`);
    const client = createClientFactory().use(retryMiddleware).use(deadlineMiddleware).create(definition, channel);
    return {
      call: () =>
        client.authorize(REQUEST, {
          deadline: new Date(Date.now() + TIMEOUT_MS),
          retry: true,
          metadata: Metadata(METADATA),
        }),
      close: async () => channel.close(),
    };
  },
};
