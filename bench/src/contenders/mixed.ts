import { createRuntime } from '@breakwater/core';
import { leastInFlight, staticRegistry } from '@breakwater/discovery';
import * as breakwaterGrpc from '@breakwater/grpc';
import { Channel, clientLimits } from '@breakwater/rpc';
import * as grpc from '@grpc/grpc-js';
import { breakwaterClient, breakwaterServer } from './breakwater.js';
import type { Sides } from './contender.js';
import { grpcJsClient } from './grpc-js.js';
import { stubClient } from './grpc-js-client.js';
import { grpcJsServer } from './grpc-js-server.js';
import { DEFAULT_STACKS } from './stacks.js';
import type { MakeTransport } from './transports.js';
import { HOST } from './workload.js';

/** Our client, with its default stack, against somebody else's server. */
export const clientOnly = (make: MakeTransport): Sides => ({
  serve: grpcJsServer,
  connect: (port, setup) => breakwaterClient(make, DEFAULT_STACKS, port, setup),
});

/** Somebody else's client against our server, with its default stack. */
export const serverOnly = (make: MakeTransport): Sides => ({
  serve: (setup) => breakwaterServer(make, DEFAULT_STACKS, setup),
  connect: grpcJsClient,
});

/** What `@breakwater/grpc` exports for generated grpc-js clients, once it does. */
const { grpcChannel } = breakwaterGrpc as { readonly grpcChannel?: (channel: Channel) => grpc.Channel };

export const hasGrpcChannel = grpcChannel !== undefined;

/** Generated grpc-js stubs that an application keeps, on a channel of ours. */
export const generatedStub = (make: MakeTransport): Sides => ({
  serve: (setup) => breakwaterServer(make, DEFAULT_STACKS, setup),
  async connect(port) {
    if (grpcChannel === undefined) throw new Error('@breakwater/grpc exports no grpcChannel');
    const channel = new Channel({
      target: `static:///${HOST}:${port}`,
      registry: staticRegistry(),
      transport: make(),
      picker: leastInFlight,
      limits: clientLimits(),
      backoff: { initialMs: 100, maxMs: 2000 },
      runtime: createRuntime(),
      drainGraceMs: 0,
    });
    const credentials = grpc.credentials.createInsecure();
    const channelOverride = grpcChannel(channel);
    return stubClient(
      (Constructor) => new Constructor(`${HOST}:${port}`, credentials, { channelOverride }),
      () => channel.close(),
    );
  },
});
