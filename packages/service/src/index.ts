// Services
export { createService, type Service, type ServiceOptions } from './server/create-service.js';
export type { DrainReport } from './lifecycle/drain.js';
export type { BlockingCall } from './lifecycle/call-tracker.js';
export { LIFECYCLE_DEFAULTS, type LifecycleOptions } from './lifecycle/lifecycle-options.js';
export { SERVER_POLICY_KEYS, type ServerPolicies } from './policies/server-policies.js';
// Clients
export { createClient } from './client/create-client.js';
export { breakerOf, closeClient, inspectClient } from './client/client-handle.js';
export type { ClientOptions, PickerName } from './client/client-options.js';
// For applications that keep grpc-js stubs
export { createStubChannel } from './client/create-stub-channel.js';
export { CLIENT_POLICY_KEYS, type ClientPolicies, type RetryPolicyOptions } from './policies/client-policies.js';
// What they use unless told otherwise
export { closeDefaults, defaultRegistries, defaultRuntime, defaultTransport } from './defaults.js';
export { TRANSPORT_NAMES, type TransportName } from './transports.js';
export { registerConsul } from './register-consul.js';
export { logPolicyEvents } from './logging/policy-log.js';
// Settings from file and environment
export { loadConfig, type LoadConfigOptions } from './config/load-config.js';
export {
  describeConfig,
  type ConfigDescription,
  type DescribeConfigOptions,
  type DescribedSetting,
} from './config/describe-config.js';
export { NO_CONFIG, type ClientConfig, type Config, type ServiceConfig } from './config/config.js';
// What handlers and callers meet
export { Code, ConfigError, RpcError } from '@breakwater/core';
export {
  detach,
  findRichDetail,
  ListenError,
  packDetail,
  richDetail,
  unpackDetail,
  type CallContext,
  type CallOptions,
  type ServiceImplementation,
} from '@breakwater/rpc';
