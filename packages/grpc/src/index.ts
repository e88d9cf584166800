export { grpcTransport, type GrpcTransportOptions } from './transport/grpc-transport.js';
