// Use this
export { grpcTransport, type GrpcTransportOptions } from './transport/grpc-transport.js';
// For applications that keep grpc-js stubs and servers
export { alwaysIntercept, clientInterceptor, type ClientInterceptorOptions } from './interceptor/client-interceptor.js';
export { serverInterceptor, type ServerInterceptorOptions } from './interceptor/server-interceptor.js';
export type { ChannelInterface as StubChannel, ServiceDefinition as StubService } from '@grpc/grpc-js';
export { methodsOfStub } from './channel-override/raw-method.js';
export { grpcChannel, type GrpcChannelOptions } from './channel-override/grpc-channel.js';
// For applications that keep grpc-js channels
export {
  BALANCERS,
  installBalancers,
  installRegistry,
  type BalancerName,
  type InstallOptions,
} from './channel/install.js';
// For tools: who holds a port that cannot be had
export { portHolder } from '@breakwater/rpc/transport-kit';
