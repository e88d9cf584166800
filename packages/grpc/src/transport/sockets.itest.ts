import { describeSockets } from '@breakwater/rpc/conformance';
import { grpcTransport } from './grpc-transport.js';

describeSockets('grpc-js', () => grpcTransport(), { repeatsRefused: true, requiresAlpn: false });
