import { type AuthorizeRequest, AuthorizeResponse } from '@breakwater/contracts/shop/payments/v1';
import * as grpc from '@grpc/grpc-js';
import { Entry, Payload, type ServerStreamRequest } from '../gen/bench/v1/load.pb.js';
import { CERTIFICATE, KEY } from './certificates.js';
import type { RunningServer, Setup } from './contender.js';
import { LOAD_METHODS, PAYMENTS_METHODS } from './grpc-js-methods.js';
import { ENTRY, HOST, RESPONSE } from './workload.js';

const authorize: grpc.handleUnaryCall<AuthorizeRequest, AuthorizeResponse> = (_call, done) =>
  done(null, AuthorizeResponse.fromPartial(RESPONSE));

const unary: grpc.handleUnaryCall<Payload, Payload> = ({ request }, done) =>
  done(null, Payload.fromPartial({ data: request.data }));

const serverStream: grpc.handleServerStreamingCall<ServerStreamRequest, Entry> = (call) => {
  let left = call.request.count;
  const fill = (): void => {
    while (left > 0) {
      left -= 1;
      if (!call.write(Entry.fromPartial(ENTRY))) {
        call.once('drain', fill);
        return;
      }
    }
    call.end();
  };
  fill();
};

const bidi: grpc.handleBidiStreamingCall<Payload, Payload> = (call) => {
  call
    .on('data', (message: Payload) => call.write(Payload.fromPartial({ data: message.data })))
    .on('end', () => call.end())
    .on('error', () => call.end());
};

/** A plain grpc-js server with ts-proto stubs, as an application writes it. */
export async function grpcJsServer({ tls }: Setup): Promise<RunningServer> {
  const server = new grpc.Server();
  server.addService(PAYMENTS_METHODS, { authorize });
  server.addService(LOAD_METHODS, { unary, serverStream, bidi });
  const credentials = tls
    ? grpc.ServerCredentials.createSsl(null, [{ cert_chain: Buffer.from(CERTIFICATE), private_key: Buffer.from(KEY) }])
    : grpc.ServerCredentials.createInsecure();
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${HOST}:0`, credentials, (error, bound) => (error === null ? resolve(bound) : reject(error)));
  });
  return { port, close: async () => server.forceShutdown() };
}
