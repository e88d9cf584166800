import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Daemon, startDaemon } from '../testing/daemon.js';

const config = (port: number, backend: number, dir: string): string => `
daemon off;
master_process off;
pid ${dir}/nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  client_max_body_size 0;
  upstream backend { server 127.0.0.1:${backend}; keepalive 8; }
  server {
    listen 127.0.0.1:${port} http2;
    location / { grpc_pass grpc://backend; }
  }
}
`;

/** nginx in front of a server on this machine, by `grpc_pass`. */
export const startNginx = (binary: string, backendPort: number): Promise<Daemon> =>
  startDaemon(binary, (port, dir) => {
    const path = join(dir, 'nginx.conf');
    mkdirSync(join(dir, 'logs'));
    writeFileSync(path, config(port, backendPort, dir));
    return ['-p', dir, '-c', path, '-e', 'stderr'];
  });
