export { describeRegistry, type RegistryFactory } from './describe-registry.js';
export { ports, until, type RegistryHarness } from './harness.js';
