import { grpcTransport } from '@breakwater/grpc';
import type { Transport } from '@breakwater/rpc';
import { describeTransport } from '@breakwater/rpc/conformance';
import { wireTransport } from '@breakwater/wire';

/** One transport's client against another's server: neither may lean on what only its own far side does. */
const pairing = (client: Transport, server: Transport): Transport => ({
  name: `${client.name} to ${server.name}`,
  connect: (address, options) => client.connect(address, options),
  listen: (options, methods) => server.listen(options, methods),
});

// node:http2, below grpc-js, joins repeated text headers; each side tells what it has received.
describeTransport('wire client, grpc-js server', () => pairing(wireTransport(), grpcTransport()), {
  repeatedText: { request: 'joined', response: 'list' },
});
// A grpc-js client reports a failed status ahead of messages that wait to be read.
describeTransport('grpc-js client, wire server', () => pairing(grpcTransport(), wireTransport()), {
  repeatedText: { request: 'list', response: 'joined' },
  messagesBeforeFailure: false,
});
