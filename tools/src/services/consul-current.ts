import { isExecutable } from './cache.js';
import { consulVersion } from './consul-version.js';
import { buildGo, goBinary, type GoProgram } from './go-build.js';
import type { Located, Service } from './service.js';

/** A Consul release that is known to build as a dependency, and the API module it needs: its own go.mod replaces that by a folder, which does not count for others. */
const VERSION = '1.22.7';
const API_VERSION = '1.34.5';

const PROGRAM: GoProgram = {
  name: 'consul',
  version: VERSION,
  go: '1.25.9',
  require: [`github.com/hashicorp/consul v${VERSION}`, `github.com/hashicorp/consul/api v${API_VERSION}`],
  exclude: ['github.com/hashicorp/go-msgpack v1.1.5', 'github.com/hashicorp/go-msgpack v1.1.6'],
  mains: { consul: 'github.com/hashicorp/consul' },
  ldflags: `-X github.com/hashicorp/consul/version.GitDescribe=v${VERSION}`,
  limitMs: 20 * 60_000,
};

/** Where the built binary lies, whether it exists or not. */
export const consulCurrentBinary = (): string => goBinary(PROGRAM, 'consul');

/**
 * Builds a current Consul with the Go toolchain into the cache folder.
 * @throws Error with the first compiler or download message
 */
export async function buildConsul(say: (line: string) => void): Promise<string> {
  say(`consul-current: building Consul ${VERSION} from its Go module, this takes some minutes`);
  await buildGo(PROGRAM, say);
  return consulCurrentBinary();
}

async function locate(): Promise<Located | undefined> {
  const given = process.env['CONSUL_CURRENT_BIN'];
  const path = given !== undefined && given !== '' ? given : consulCurrentBinary();
  if (!isExecutable(path)) return undefined;
  const version = await consulVersion(path);
  return version === undefined ? undefined : { env: { CONSUL_CURRENT_BIN: path }, found: `Consul ${version}, ${path}` };
}

/** A current Consul, built where a Go toolchain is present: it must pass the same suite as the old one. */
export const consulCurrent: Service = {
  name: 'consul-current',
  class: 'optional',
  variable: 'CONSUL_CURRENT_BIN',
  slow: true,
  locate,
  async install({ say }) {
    const binary = await buildConsul(say);
    const located = await locate();
    if (located === undefined) throw new Error(`${binary} was built but does not run`);
    return located;
  },
};
