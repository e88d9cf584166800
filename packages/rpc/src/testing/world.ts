import { createRuntime, type Policy, type Runtime, stack } from '@breakwater/core';
import { inMemoryRegistry, type InMemoryRegistry, roundRobin } from '@breakwater/discovery';
import { Channel, type ChannelOptions } from '../channel/channel.js';
import { bindClient, type Client } from '../client/client.js';
import { inProcessTransport } from '../in-process/in-process-transport.js';
import { recover } from '../server/recover.js';
import { serve } from '../server/serve.js';
import type { ServiceImplementation } from '../server/implementation.js';
import { clientLimits, type ServerLimits, serverLimits } from '../transport/limits.js';
import type { Listener, Transport } from '../transport/transport.js';
import { EchoDefinition } from './echo.js';

/** An in-process world: one registry, one transport, servers and clients of the echo service. */
export class World {
  readonly runtime: Runtime;
  readonly registry: InMemoryRegistry;
  readonly transport: Transport = inProcessTransport();
  readonly abandoned: string[] = [];
  private readonly channels: Channel[] = [];

  constructor(runtime: Runtime = createRuntime()) {
    this.runtime = runtime;
    this.registry = inMemoryRegistry({ clock: runtime.clock });
  }

  /** Serves `implementation` and registers it as service `echo`. */
  async serve(
    implementation: Partial<ServiceImplementation<typeof EchoDefinition>>,
    options: {
      readonly host?: string;
      readonly port?: number;
      readonly limits?: Partial<ServerLimits>;
      readonly register?: boolean;
    } = {},
  ): Promise<Listener> {
    const { runtime } = this;
    const methods = serve(
      EchoDefinition,
      { ...refuseAll, ...implementation },
      {
        runtime,
        stackFor: () => stack(recover(runtime)),
        abandonAfterMs: 1000,
        onAbandoned: (call) => this.abandoned.push(call.operation.path),
      },
    );
    const { host = '127.0.0.1', port = 0, limits } = options;
    const listener = await this.transport.listen(
      { name: 'echo', host, port, limits: serverLimits(limits), runtime },
      new Map(methods.map((one) => [one.method.path, one])),
    );
    if (options.register !== false) await this.registry.register({ service: 'echo', ...listener.address });
    return listener;
  }

  channel(options: Partial<ChannelOptions> = {}): Channel {
    const channel = new Channel({
      target: `${this.registry.scheme}:///echo`,
      registry: this.registry,
      transport: this.transport,
      picker: roundRobin,
      limits: clientLimits(),
      backoff: { initialMs: 10, maxMs: 100 },
      runtime: this.runtime,
      drainGraceMs: 1000,
      ...options,
    });
    this.channels.push(channel);
    return channel;
  }

  client(channel: Channel = this.channel(), ...policies: Policy[]): Client<typeof EchoDefinition> {
    return bindClient(EchoDefinition, {
      target: channel.target.uri,
      runtime: this.runtime,
      handlerFor: (method) => stack(...policies)(channel.handler(method)),
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.channels.map((channel) => channel.close()));
    await this.registry.close();
  }
}

const notServed = (): never => {
  throw new Error('this test serves no such method');
};

const refuseAll: ServiceImplementation<typeof EchoDefinition> = {
  one: notServed,
  collect: notServed,
  count: notServed,
  talk: notServed,
};
