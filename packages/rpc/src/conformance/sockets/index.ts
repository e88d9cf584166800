import type { Transport } from '../../transport/transport.js';
import { describeEndpoints } from './endpoints.js';
import { describeForeignPeers } from './foreign-peers.js';
import { describeIdleConnections } from './idle-connections.js';
import { describePems } from './pems.js';
import { describeRefusals } from './refusals.js';
import { describeSilentPeers } from './silent-peers.js';
import { describeUnixSockets } from './unix-sockets.js';
import { describeTls } from './tls.js';
import type { SocketFeatures } from './socket-features.js';

/**
 * Declares the mocha suites for transports on TCP: TLS, peers of all sorts, and what becomes of connections. They go with
 * `describeTransport`, which knows nothing of sockets.
 *
 * @param create a fresh transport
 * @param features what the transport may do differently without being wrong
 */
export function describeSockets(name: string, create: () => Transport, features: SocketFeatures = {}): void {
  describeEndpoints(name, create);
  describeRefusals(name, create, features);
  describeForeignPeers(name, create);
  describeSilentPeers(name, create);
  describeIdleConnections(name, create);
  describeTls(name, create, features);
  describePems(name, create);
  describeUnixSockets(name, create);
}
