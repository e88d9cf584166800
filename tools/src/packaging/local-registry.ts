import { createReadStream, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ROOT } from '../repo.js';
import type { Packed } from './pack.js';

/** A registry that knows our packages only, as they would be published. */
export interface LocalRegistry {
  /** For the environment of npm: this registry for our scope, whatever the machine uses for everything else. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Serves packed packages on a free loopback port, so that `npm install @breakwater/…` works word by word before a release. */
export async function serveTarballs(packed: readonly Packed[]): Promise<LocalRegistry> {
  const byName = new Map(packed.map((one) => [one.manifest.name, one]));
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname).slice(1);
    const tarball = path.endsWith('.tgz');
    const one = byName.get(tarball ? path.slice(0, -'.tgz'.length) : path);
    if (one === undefined) {
      response
        .writeHead(404, { 'content-type': 'application/json' })
        .end(JSON.stringify({ error: `no package ${path}` }));
    } else if (tarball) {
      createReadStream(one.tarball).pipe(response.writeHead(200, { 'content-type': 'application/octet-stream' }));
    } else {
      const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${one.manifest.name}.tgz`;
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(packument(one, address)));
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    env: { 'npm_config_@breakwater:registry': `http://127.0.0.1:${port}/` },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What a registry answers for a package: https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md */
function packument({ dir, manifest: { name, version }, integrity }: Packed, tarball: string): object {
  const manifest = JSON.parse(readFileSync(join(ROOT, dir, 'package.json'), 'utf8')) as object;
  return {
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifest, _id: `${name}@${version}`, dist: { tarball, integrity } } },
  };
}
