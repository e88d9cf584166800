import { startAgent } from '@breakwater/agent';
import { describeRegistry } from '@breakwater/discovery/conformance';
import { consul } from './index.js';

describeRegistry(
  'Consul, on the embedded agent,',
  async () => {
    let agent = await startAgent({ port: 0 });
    const registry = consul({ address: agent.address });
    return {
      registry,
      setHealth: async (_service, id, health) => {
        const verb = { passing: 'pass', warning: 'warn', critical: 'fail' }[health];
        const answer = await fetch(`${agent.address}/v1/agent/check/${verb}/service:${id}`, { method: 'PUT' });
        if (!answer.ok) throw new Error(await answer.text());
      },
      interrupt: async () => {
        await agent.close();
        return { resume: async () => void (agent = await startAgent({ port: agent.port })) };
      },
      close: async () => {
        await registry.close();
        await agent.close();
      },
    };
  },
  { setHealth: true, interrupt: true },
);
