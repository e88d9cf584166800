import { describeTransport } from '@breakwater/rpc/conformance';
import { grpcTransport } from './grpc-transport.js';

// node:http2 joins repeated text headers, and grpc-js reports a failed status ahead of messages that wait to be read.
describeTransport('grpc-js', () => grpcTransport(), { repeatedText: 'joined', messagesBeforeFailure: false });
