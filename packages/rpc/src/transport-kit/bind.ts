import type { AddressInfo, Server } from 'node:net';
import { ListenError } from '../transport/listen-error.js';
import type { Address } from '../transport/transport.js';
import { portHolder } from './port-holder.js';
import { isUnixPath, MAX_UNIX_PATH_BYTES, whatIsInTheWay } from './unix-socket.js';

/**
 * Binds a server of `node:net` to a port, or to the path of a Unix socket when `host` begins with a slash.
 * @returns the address as bound; `port` is 0 for a path only
 * @throws ListenError that says who holds the port, or what is in the way of the path
 */
export async function bind(server: Server, host: string, port: number): Promise<Address> {
  const isPath = isUnixPath(host);
  // The system would cut it off and listen somewhere else.
  if (isPath && Buffer.byteLength(host) > MAX_UNIX_PATH_BYTES) throw new ListenError(host, port, 'ENAMETOOLONG');
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(isPath ? { path: host } : { host, port }, () => {
        server.removeListener('error', reject);
        resolve();
      });
    });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    if (code !== 'EADDRINUSE') throw new ListenError(host, port, code);
    throw new ListenError(host, port, code, await (isPath ? whatIsInTheWay(host) : portHolder(port)));
  }
  // A connection that cannot be taken, as when descriptors have run out, is lost; the process is not.
  server.on('error', () => {});
  return { host, port: isPath ? 0 : (server.address() as AddressInfo).port };
}
