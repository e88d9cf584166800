import { type Around, createRuntime, type Runtime, stack } from '@breakwater/core';
import { leastInFlight, staticRegistry } from '@breakwater/discovery';
import * as breakwaterGrpc from '@breakwater/grpc';
import { bulkhead, circuitBreaker, deadline, retry, RetryBudget } from '@breakwater/resilience';
import { Channel, clientLimits } from '@breakwater/rpc';
import * as grpc from '@grpc/grpc-js';
import { breakwaterClient, breakwaterServer } from './breakwater.js';
import type { Sides } from './contender.js';
import { grpcJsClient } from './grpc-js.js';
import { stubClient } from './grpc-js-client.js';
import { LOAD_METHODS, PAYMENTS_METHODS } from './grpc-js-methods.js';
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

interface GrpcChannelOptions {
  readonly policies: Around;
  readonly services: readonly grpc.ServiceDefinition[];
}

/** What `@breakwater/grpc` exports for generated grpc-js clients, once it does. */
const { grpcChannel } = breakwaterGrpc as {
  readonly grpcChannel?: (channel: Channel, options: GrpcChannelOptions) => grpc.ChannelInterface;
};

export const hasGrpcChannel = grpcChannel !== undefined;

/** The default client stack: behind generated stubs the application puts it together itself. */
const defaultStack = (runtime: Runtime): Around =>
  stack(
    deadline({}, runtime),
    bulkhead({}, runtime),
    retry({ budget: new RetryBudget() }, runtime),
    circuitBreaker({}, runtime, { name: 'bench' }),
  );

/** Generated grpc-js stubs that an application keeps, on a channel of ours. */
export const generatedStub = (make: MakeTransport): Sides => ({
  serve: (setup) => breakwaterServer(make, DEFAULT_STACKS, setup),
  async connect(port) {
    if (grpcChannel === undefined) throw new Error('@breakwater/grpc exports no grpcChannel');
    const runtime = createRuntime();
    const channel = new Channel({
      target: `static:///${HOST}:${port}`,
      registry: staticRegistry(),
      transport: make(),
      picker: leastInFlight,
      limits: clientLimits(),
      backoff: { initialMs: 100, maxMs: 2000 },
      runtime,
      drainGraceMs: 0,
    });
    const credentials = grpc.credentials.createInsecure();
    const channelOverride = grpcChannel(channel, {
      policies: defaultStack(runtime),
      services: [PAYMENTS_METHODS, LOAD_METHODS],
    });
    return stubClient(
      (Constructor) => new Constructor(`${HOST}:${port}`, credentials, { channelOverride }),
      () => channel.close(),
    );
  },
});
