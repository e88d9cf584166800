import { describeRegistry } from '../conformance/index.js';
import { inMemoryRegistry } from './in-memory-registry.js';

describeRegistry(
  'InMemoryRegistry',
  async () => {
    const registry = inMemoryRegistry();
    return {
      registry,
      setHealth: async (service, id, health) => registry.setHealth(service, id, health),
      interrupt: async () => {
        registry.setReachable(false);
        return { resume: async () => registry.setReachable(true) };
      },
      close: () => registry.close(),
    };
  },
  { setHealth: true, interrupt: true },
);
