// Methods
export type { InputOf, MessageOf, MessageType, MethodDefinition, ProtoFile, ServiceDefinition } from './method/definition.js';
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
export { decodeStatus, encodeStatus, errorInfo, REASON_DOMAIN, STATUS_DETAILS_KEY, type WireStatus } from './status/wire-status.js';
