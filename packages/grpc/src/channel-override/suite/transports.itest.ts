import { inProcessTransport, type Transport } from '@breakwater/rpc';
import type { TransportFeatures } from '@breakwater/rpc/conformance';
import { grpcTransport } from '../../transport/grpc-transport.js';

/** A transport that stubs are to work on as they do on a channel of grpc-js. */
export interface TransportUnderTest {
  readonly name: string;
  readonly create: () => Transport;
  /** What it may do differently, as in its conformance suite. */
  readonly features: TransportFeatures;
}

export const TRANSPORTS: readonly TransportUnderTest[] = [
  {
    name: 'grpc-js',
    create: () => grpcTransport(),
    features: { repeatedText: 'joined', messagesBeforeFailure: false },
  },
  { name: 'in-process', create: () => inProcessTransport(), features: { sockets: false } },
];
