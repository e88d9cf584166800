import * as grpc from '@grpc/grpc-js';
import { CA, SERVER_NAME } from './certificates.js';
import type { RunningClient, Setup, Sides } from './contender.js';
import { stubClient } from './grpc-js-client.js';
import { grpcJsServer } from './grpc-js-server.js';
import { HOST } from './workload.js';

/** A connection of its own for every client: grpc-js would let all clients of a process share one. */
export async function grpcJsClient(port: number, { tls }: Setup): Promise<RunningClient> {
  const credentials = tls ? grpc.credentials.createSsl(Buffer.from(CA)) : grpc.credentials.createInsecure();
  const options: grpc.ClientOptions = {
    'grpc.use_local_subchannel_pool': 1,
    ...(tls ? { 'grpc.ssl_target_name_override': SERVER_NAME } : {}),
  };
  const channel = new grpc.Channel(`${HOST}:${port}`, credentials, options);
  return stubClient(
    (Constructor) => new Constructor(`${HOST}:${port}`, credentials, { channelOverride: channel }),
    async () => channel.close(),
  );
}

/** Plain grpc-js with ts-proto stubs, as an application writes it. */
export const grpcJs: Sides = { serve: grpcJsServer, connect: grpcJsClient };
