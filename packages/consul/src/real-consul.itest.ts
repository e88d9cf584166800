import { describeRegistry } from '@breakwater/discovery/conformance';
import { consul } from './index.js';
import { requireConsul, startConsul, type ConsulProcess } from './testing/system-consul-process.js';

const SERVERS = [
  { title: 'Consul 1.8', variable: 'CONSUL_BIN', persistent: false },
  { title: 'Consul 1.8 that keeps its data', variable: 'CONSUL_BIN', persistent: true },
  { title: 'a current Consul', variable: 'CONSUL_CURRENT_BIN', persistent: true },
] as const;

for (const { title, variable, persistent } of SERVERS) {
  describe(`with ${title}`, function () {
    this.timeout(60_000);
    let server: ConsulProcess;
    before(async function () {
      server = await startConsul({ bin: requireConsul(this, variable), persistent });
    });
    after(() => server?.stop());

    describeRegistry(
      title,
      async () => {
        const registry = consul({ address: server.address });
        return {
          registry,
          setHealth: async (_service, id, health) => {
            const verb = { passing: 'pass', warning: 'warn', critical: 'fail' }[health];
            const answer = await fetch(`${server.address}/v1/agent/check/${verb}/service:${id}`, { method: 'PUT' });
            if (!answer.ok) throw new Error(await answer.text());
          },
          interrupt: async () => {
            await server.kill();
            return { resume: () => server.restart() };
          },
          close: () => registry.close(),
        };
      },
      { setHealth: true, interrupt: true },
    );
  });
}
