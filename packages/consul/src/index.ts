// Use this
export { consul } from './consul-registry.js';
export type { ConsulOptions, GrpcCheckOptions } from './consul-options.js';
export type { ConsulTls } from './client/consul-client.js';
export type { Consistency } from './watch/service-query.js';
export { detectAddress, type InterfaceAddress } from './registration/detect-address.js';
export { ConsulError, type ConsulErrorKind } from './client/consul-error.js';
