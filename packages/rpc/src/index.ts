// Methods
export type {
  InputOf,
  MessageOf,
  MessageType,
  MethodDefinition,
  ProtoFile,
  ServiceDefinition,
} from './method/definition.js';
export { methodsOf, type Method } from './method/method.js';
// The transport seam
export type {
  Address,
  Compression,
  Connection,
  ConnectBackoff,
  ConnectionState,
  ConnectOptions,
  Listener,
  ListenOptions,
  ServedMethod,
  Transport,
} from './transport/transport.js';
export { COMPRESSION, PEER, PEER_CERTIFICATE } from './transport/transport.js';
export { ListenError } from './transport/listen-error.js';
export type { ClientTls, Pem, ServerTls } from './transport/tls.js';
export {
  clientLimits,
  DEFAULT_CLIENT_LIMITS,
  DEFAULT_SERVER_LIMITS,
  serverLimits,
  type ClientLimits,
  type ServerLimits,
} from './transport/limits.js';
export {
  decodeStatus,
  encodeStatus,
  errorInfo,
  REASON_DOMAIN,
  STATUS_DETAILS_KEY,
  type WireStatus,
} from './status/wire-status.js';
export {
  findRichDetail,
  packDetail,
  type PartOf,
  richDetail,
  type StandardDetails,
  unpackDetail,
} from './status/rich-details.js';
export { unknownMethodStatus } from './status/unknown-method.js';
// Client
export { bindClient, type BindOptions, type Client, type ClientMethod } from './client/client.js';
export { CALL_CREDENTIALS, WAIT_FOR_READY, type CallCredentials, type CallOptions } from './client/options.js';
export { Channel, type ChannelOptions, type ChannelSnapshot } from './channel/channel.js';
export type { ChannelState } from './channel/state-watch.js';
// Server
export { serve, type ServeOptions } from './server/serve.js';
export type { MethodImplementation, ServiceImplementation } from './server/implementation.js';
export { defectFailure, failureOf } from './server/failure.js';
export { recover } from './server/recover.js';
export { CallContext, PROPAGATED_KEYS } from './context/call-context.js';
export { currentContext, detach, enablePropagation, runWithContext, type Ambient } from './context/propagation.js';
export { Health, type ServingStatus } from './health/health.js';
export { reflection, type Reflection } from './reflection/reflection.js';
// In-process transport
export { inProcessTransport } from './in-process/in-process-transport.js';
export { InProcessNetwork } from './in-process/network.js';
