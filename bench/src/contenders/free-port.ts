import { type AddressInfo, createServer } from 'node:net';
import { HOST } from './workload.js';

/** A port that nobody listens on now, for libraries that do not tell which one they got. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, HOST, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
