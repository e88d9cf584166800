import type {
  Address,
  Connection,
  ConnectOptions,
  Listener,
  ListenOptions,
  ServedMethod,
  Transport,
} from '../transport/transport.js';
import { ListenError } from '../transport/listen-error.js';
import { InProcessConnection } from './connection.js';
import { InProcessListener } from './listener.js';
import { InProcessNetwork } from './network.js';

/**
 * Calls within one process, without sockets: for tests, and for services that share a process. Messages are encoded and
 * decoded as on the wire, statuses too, so that what works here works there. There is no wire: TLS options,
 * compression, keepalive, and the limits of streams and age of a connection are ignored.
 *
 * @param network what its listeners and connections share; default: one of its own
 */
export function inProcessTransport(network = new InProcessNetwork()): Transport {
  return {
    name: 'in-process',
    connect(address: Address, options: ConnectOptions): Connection {
      return new InProcessConnection(network, address, options);
    },
    async listen(options: ListenOptions, methods: ReadonlyMap<string, ServedMethod>): Promise<Listener> {
      if (options.port !== 0 && network.find(options.host, options.port) !== undefined) {
        throw new ListenError(options.host, options.port, 'EADDRINUSE');
      }
      const port = options.port === 0 ? network.freePort(options.host) : options.port;
      const listener = new InProcessListener(network, { host: options.host, port }, options, methods);
      network.add(listener);
      return listener;
    },
  };
}
