import {
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { createRuntime, stack } from '@breakwater/core';
import { rateLimit } from '@breakwater/resilience';
import { serverInterceptor } from '@breakwater/grpc';
import type { registerConsul } from '@breakwater/service';
import { Weather, type Forecast } from './weather.js';

interface Request {
  readonly city: string;
}

/** A running instance. */
export interface RunningServer {
  /** Leaves the registry, then finishes what is in flight. */
  stop(): Promise<void>;
  /** Dies without a word to anybody. */
  crash(): void;
}

/** An ordinary grpc-js server, with our policies in front of its handlers and a place in the registry. */
export async function startServer(
  name: string,
  registry: ReturnType<typeof registerConsul>,
  callsPerSecond = 1000,
): Promise<RunningServer> {
  const policies = stack(rateLimit({ perSecond: callsPerSecond, burst: callsPerSecond }, createRuntime()));
  const server = new Server({ interceptors: [serverInterceptor(policies, { name: 'weather' })] });
  server.addService(Weather.service, {
    forecast: (call: ServerUnaryCall<Request, Forecast>, callback: sendUnaryData<Forecast>) => {
      callback(null, { text: `sun over ${call.request.city}`, server: name });
    },
    watch: (call: ServerWritableStream<Request, Forecast>) => {
      for (const text of ['sun', 'clouds', 'rain'])
        call.write({ text: `${text} over ${call.request.city}`, server: name });
      call.end();
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  const registration = await registry.register({ service: 'weather', host: '127.0.0.1', port });
  return {
    stop: async () => {
      await registration.deregister();
      await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    },
    crash: () => server.forceShutdown(),
  };
}
