import { ALL_ABILITIES, BUSY_ABILITIES, type Contender } from './contender.js';

/** What all ratios are taken to: plain grpc-js with ts-proto stubs, as an application writes it. */
export const REFERENCE: Contender = {
  name: 'grpc-js + ts-proto',
  packages: ['@grpc/grpc-js'],
  can: ALL_ABILITIES,
  sides: async () => (await import('./grpc-js.js')).grpcJs,
};

/** What others do. */
export const PEERS: readonly Contender[] = [
  {
    name: 'nice-grpc, retry + deadline',
    packages: ['nice-grpc', 'nice-grpc-client-middleware-deadline', 'nice-grpc-client-middleware-retry'],
    can: BUSY_ABILITIES,
    sides: async () => (await import('./nice-grpc.js')).niceGrpc,
  },
  {
    name: 'NestJS gRPC',
    packages: ['@nestjs/core', '@nestjs/microservices', '@grpc/proto-loader'],
    can: new Set(['unary', 'payload', 'server-stream', 'tls', 'connections'] as const),
    sides: async () => (await import('./nestjs.js')).nestjs,
  },
  {
    name: 'connect-es, gRPC',
    packages: ['@connectrpc/connect', '@connectrpc/connect-node', '@bufbuild/protobuf'],
    can: BUSY_ABILITIES,
    sides: async () => (await import('./connect-es.js')).connectEs,
  },
  {
    name: 'moleculer TCP, JSON, breaker + bulkhead + retry',
    packages: ['moleculer'],
    can: new Set(['unary', 'payload'] as const),
    sides: async () => (await import('./json/moleculer.js')).moleculer,
  },
  {
    name: 'fastify + undici, JSON',
    packages: ['fastify', 'undici'],
    can: new Set(['unary', 'payload', 'tls', 'connections'] as const),
    sides: async () => (await import('./json/fastify.js')).fastifyUndici,
  },
];

/** What no library can go below: Node's HTTP/2, and the socket. */
export const LIMITS: readonly Contender[] = [
  {
    name: 'bare node:http2, no codec',
    packages: [],
    can: new Set(['unary', 'payload', 'tls', 'connections'] as const),
    sides: async () => (await import('./node-http2.js')).nodeHttp2,
  },
  {
    name: 'bare socket, same codec',
    packages: [],
    can: new Set(['unary', 'payload', 'tls', 'connections'] as const),
    sides: async () => (await import('./socket/index.js')).socketCodec,
  },
  {
    name: 'bare socket, raw bytes',
    packages: [],
    can: new Set(['unary', 'payload', 'tls', 'connections'] as const),
    sides: async () => (await import('./socket/index.js')).socketRaw,
  },
];
