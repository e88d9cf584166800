import { credentials, makeGenericClientConstructor, type ClientOptions } from '@grpc/grpc-js';
import { createRuntime, type Call, type Handler, type Runtime } from '@breakwater/core';
import { inMemoryRegistry, roundRobin, type InMemoryRegistry } from '@breakwater/discovery';
import {
  Channel,
  clientLimits,
  serverLimits,
  type ChannelOptions,
  type Listener,
  type ListenOptions,
  type Method,
  type ServedMethod,
  type Transport,
} from '@breakwater/rpc';
import { kindOf } from '../../interceptor/operations.js';
import { APP, type AppClient } from '../../interceptor/plain-app.itest.js';
import { grpcChannel, type GrpcChannelOptions } from '../grpc-channel.js';

// One transport with servers, channels and the stubs of an ordinary grpc-js application on top.

/** Handlers by the name of their method in `APP`. */
export type Handlers = Partial<Record<'Unary' | 'Charge' | 'Down' | 'Up' | 'Chat', Handler>>;

const Stub = makeGenericClientConstructor(APP, 'App');

/** A stub of `APP`, on a channel of its own or, with `channelOverride`, on that. */
export const stubOf = (options: ClientOptions, address = 'ignored'): AppClient =>
  new Stub(address, credentials.createInsecure(), options) as unknown as AppClient;

export class OverrideWorld {
  readonly registry: InMemoryRegistry;
  private readonly opened: { close(): unknown }[] = [];

  constructor(
    readonly transport: Transport,
    readonly runtime: Runtime = createRuntime(),
  ) {
    this.registry = inMemoryRegistry({ clock: runtime.clock });
  }

  /** Serves `handlers` as one more instance of the service. */
  async serve(handlers: Handlers, options: Partial<ListenOptions> = {}): Promise<Listener> {
    const methods = new Map<string, ServedMethod>();
    for (const [name, handler] of Object.entries(handlers)) {
      const method = methodOf(name);
      methods.set(method.path, { method, handler });
    }
    const { runtime } = this;
    const listener = await this.transport.listen(
      { name: 'plain', host: '127.0.0.1', port: 0, limits: serverLimits(), runtime, ...options },
      methods,
    );
    this.opened.push(listener);
    await this.registry.register({ service: 'plain', ...listener.address });
    return listener;
  }

  channel(options: Partial<ChannelOptions> = {}): Channel {
    const channel = new Channel({
      target: 'memory:///plain',
      registry: this.registry,
      transport: this.transport,
      picker: roundRobin,
      limits: clientLimits(),
      backoff: { initialMs: 10, maxMs: 50 },
      runtime: this.runtime,
      drainGraceMs: 1000,
      ...options,
    });
    this.opened.push(channel);
    return channel;
  }

  /** A stub over the adapter. */
  stub(options: GrpcChannelOptions = {}, channel = this.channel(), clientOptions: ClientOptions = {}): AppClient {
    return stubOf({ ...clientOptions, channelOverride: grpcChannel(channel, options) });
  }

  async close(): Promise<void> {
    for (const one of this.opened.splice(0).reverse()) await one.close();
    await this.registry.close();
  }
}

function methodOf(name: string): Method {
  const definition = APP[name];
  if (definition === undefined) throw new Error(`the application has no method ${name}`);
  const { path, requestSerialize, requestDeserialize, responseSerialize, responseDeserialize } = definition;
  return {
    key: name,
    path,
    service: 'plain.v1.App',
    method: name,
    kind: kindOf(definition),
    idempotency: 'unknown',
    encodeRequest: requestSerialize,
    decodeRequest: (bytes) => requestDeserialize(Buffer.from(bytes)) as unknown,
    encodeResponse: responseSerialize,
    decodeResponse: (bytes) => responseDeserialize(Buffer.from(bytes)) as unknown,
  };
}

/** Sends into the response stream, waiting where the sink asks for it. */
export async function send(call: Call, ...messages: unknown[]): Promise<void> {
  for (const message of messages) {
    const more = call.responses?.message(message);
    if (more !== true) await more;
  }
}

/** Lets I/O happen until `condition` holds; the time limit of the test bounds it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

/** Lets I/O happen until `value` has stood still for so long that what was going to happen has happened. */
export async function settled(value: () => number): Promise<number> {
  let last = value();
  for (let same = 0; same < 500; ) {
    await new Promise(setImmediate);
    same = value() === last ? same + 1 : 0;
    last = value();
  }
  return last;
}
