import { describeBadServers } from './testing/bad-servers/index.js';
import { wireTransport } from './wire-transport.js';

describeBadServers('wire', () => wireTransport({ maxConnectionsPerEndpoint: 1 }));
