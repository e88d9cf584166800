// Use this
export type { Endpoint, EndpointHealth, EndpointSet } from './endpoint.js';
export type { Instance, Registration, RegistrationState, Registry, ServiceSummary, Watcher } from './registry.js';
export { parseTarget, type Target } from './target.js';
export { createRegistries, registryFor, type Registries } from './registries.js';
export { staticRegistry } from './static/static-registry.js';
export { dnsRegistry, type DnsRegistryOptions } from './dns/dns-registry.js';
export { inMemoryRegistry, InMemoryRegistry, type InMemoryRegistryOptions } from './memory/in-memory-registry.js';
export type { Candidate, Picker, PickerFactory } from './picker.js';
export { roundRobin } from './pickers/round-robin.js';
export { leastInFlight } from './pickers/least-in-flight.js';
export { eligible } from './eligible.js';
// For authors of registries
export type { ResolveHost } from './dns/resolve-host.js';
export { SharedWatches, type OpenSource, type WatchSource } from './shared-watches.js';
export { BelievingSource } from './believing-source.js';
export { LastKnownGood } from './last-known-good.js';
export { DEFAULT_SUSPECT_TTL_MS, MassLossGuard } from './mass-loss-guard.js';
export { formatAddress, freezeEndpointSet, sameEndpoint, sameEndpoints, sameEndpointSet } from './endpoint-set.js';
export { noEndpoints, registryUnavailable } from './unavailable.js';
export { Backoff, type BackoffOptions } from './backoff.js';
export { parseHostPort, type HostPort } from './host-port.js';
export { RegistrationStates } from './registration-state.js';
export { requireNoAuthority, requireParams } from './target-rules.js';
export { validateInstance, WEIGHT_RANGE, type ValidInstance } from './validate-instance.js';
