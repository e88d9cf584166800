/** The server under test: `node main.js --transport NAME`. Reads how to listen, says where it does, and serves until SIGTERM. */
import { createRuntime } from '@breakwater/core';
import { serverLimits, type ServerTls } from '@breakwater/rpc';
import { ServerCompatRequest, ServerCompatResponse } from '../../gen/connectrpc/conformance/v1/server_compat.pb.js';
import { frame, frames } from '../frames.js';
import { programTransport } from '../program.js';
import { conformanceService } from './service.js';

const HOST = '127.0.0.1';

function tlsOf({ useTls, serverCreds, clientTlsCert }: ServerCompatRequest): ServerTls | undefined {
  if (!useTls) return undefined;
  if (serverCreds === undefined) throw new Error('the runner asks for TLS and gives no certificate');
  const { cert, key } = serverCreds;
  return { cert, key, clientCa: clientTlsCert.length === 0 ? undefined : clientTlsCert };
}

async function readRequest(): Promise<ServerCompatRequest> {
  for await (const message of frames(process.stdin)) return ServerCompatRequest.decode(message);
  throw new Error('the runner sent no request');
}

const transport = programTransport();
const runtime = createRuntime();
const request = await readRequest();
const limit = request.messageReceiveLimit;
const { address } = await transport.listen(
  {
    name: 'conformance',
    host: HOST,
    port: 0,
    tls: tlsOf(request),
    limits: serverLimits(limit === 0 ? {} : { maxReceiveMessageBytes: limit }),
    runtime,
  },
  conformanceService(runtime.clock),
);
const response = { host: HOST, port: address.port, pemCert: request.serverCreds?.cert ?? Buffer.alloc(0) };
process.stdout.write(frame(ServerCompatResponse.encode(ServerCompatResponse.fromPartial(response)).finish()));
