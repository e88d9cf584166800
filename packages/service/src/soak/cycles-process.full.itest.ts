import { type Agent, startAgent } from '@breakwater/agent';
import { consul } from '@breakwater/consul';
import { parseTarget, type Registry } from '@breakwater/discovery';
import { createClient } from '../client/create-client.js';
import { closeClient } from '../client/client-handle.js';
import { closeDefaults } from '../defaults.js';
import { echo, EchoDefinition } from '../testing/echo.js';
import { createService, type Service } from '../server/create-service.js';
import { isMain, obey } from './in-child.full.itest.js';

type EchoClient = ReturnType<typeof createClient<typeof EchoDefinition>>;

const drain = async (messages: AsyncIterable<unknown>): Promise<void> => {
  for await (const _message of messages);
};

// Opens and closes clients, services and watches, all in one process. Does nothing when mocha loads it.
if (isMain(import.meta.url)) {
  let agent: Agent | undefined;
  let registry: Registry | undefined;
  let service: Service | undefined;
  let keeper: EchoClient | undefined;
  let port = 0;
  let cycle = 0;

  const start = async (name: string): Promise<{ service: Service; port: number }> => {
    const started = createService({
      name,
      registry,
      logger: false,
      lifecycle: { propagationWaitMs: 0 },
    }).add(EchoDefinition, echo());
    return { service: started, port: (await started.start()).port };
  };
  const call = async (client: EchoClient): Promise<void> => {
    cycle += 1;
    const [{ count }] = await Promise.all([client.one({ count: cycle }), drain(client.count({ count: 3 }))]);
    if (count !== cycle) throw new Error(`asked for ${cycle}, got ${count}`);
  };

  obey({
    open: async () => {
      agent = await startAgent({ port: 0 });
      registry = consul({ address: agent.address });
      ({ service, port } = await start('echo'));
      keeper = createClient(EchoDefinition, 'consul:///echo', { registry });
      await call(keeper);
    },
    // Clients that share the keeper's channel, each with stacks of its own.
    shared: async (cycles) => {
      for (let index = 0; index < Number(cycles); index++) {
        const client = createClient(EchoDefinition, 'consul:///echo', { registry: registry as Registry });
        await call(client);
        await closeClient(client);
      }
    },
    // Clients that connect for themselves, at an address or through a watch of their own.
    unshared: async (cycles) => {
      for (let index = 0; index < Number(cycles); index++) {
        const target = index % 2 === 0 ? `static:///127.0.0.1:${port}` : 'consul:///echo';
        const client = createClient(EchoDefinition, target, {
          registry: registry as Registry,
          authority: `cycle-${index % 2 === 0 ? 'static' : 'consul'}`,
        });
        await call(client);
        await closeClient(client);
      }
    },
    // Watches of names that nobody else looks at, half of them given up before the first answer.
    watches: async (cycles) => {
      for (let index = 0; index < Number(cycles); index++) {
        const watcher = (registry as Registry).watch(parseTarget(`consul:///nobody-${index % 7}`));
        if (index % 2 === 0) {
          await new Promise<void>((resolve) => {
            const end = watcher.subscribe(() => {
              end();
              resolve();
            });
          });
        }
        watcher.close();
      }
    },
    // Services that register, serve a call found through the registry, and leave.
    services: async (cycles) => {
      for (let index = 0; index < Number(cycles); index++) {
        const started = await start('guest');
        const client = createClient(EchoDefinition, 'consul:///guest', { registry: registry as Registry });
        await call(client);
        await closeClient(client);
        const { forced } = await started.service.stop();
        if (forced) throw new Error('a service had to be ended by force');
      }
    },
    close: async () => {
      await closeClient(keeper as EchoClient);
      await service?.stop();
      await registry?.close();
      await closeDefaults();
      await agent?.close();
    },
  });
}
