// Use this
export { grpcTransport, type GrpcTransportOptions } from './transport/grpc-transport.js';
// For applications that keep grpc-js channels
export { BALANCERS, installBalancers, installRegistry, type BalancerName, type InstallOptions } from './channel/install.js';
