import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Daemon, startDaemon } from '../testing/daemon.js';

const config = (port: number, backend: number): string => `
global
  maxconn 256
  nbthread 1
defaults
  mode http
  retries 0
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend in
  bind 127.0.0.1:${port} proto h2
  default_backend out
backend out
  server one 127.0.0.1:${backend} proto h2
`;

/** HAProxy in front of a server on this machine, HTTP/2 on both sides. */
export const startHaproxy = (binary: string, backendPort: number): Promise<Daemon> =>
  startDaemon(binary, (port, dir) => {
    const path = join(dir, 'haproxy.cfg');
    writeFileSync(path, config(port, backendPort));
    return ['-db', '-f', path];
  });
