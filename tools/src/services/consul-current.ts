import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../child-process.js';
import { cacheDir, fillOnce, isExecutable, onPath } from './cache.js';
import { consulVersion } from './consul-version.js';
import type { Located, Service } from './service.js';

/** A Consul release that is known to build as a dependency, and the API module it needs: its own go.mod replaces that by a folder, which does not count for others. */
const VERSION = '1.22.7';
const API_VERSION = '1.34.5';
const BUILD_LIMIT_MS = 20 * 60_000;

const cached = (): string => join(cacheDir(), `consul-${VERSION}-go-${process.arch}`);

/** Where the built binary lies, whether it exists or not. */
export const consulCurrentBinary = (): string => join(cached(), 'consul');

/**
 * Builds a current Consul with the Go toolchain into the cache folder. Modules with `replace` refuse `go install`,
 * therefore a main module of our own requires it and repeats its `exclude` lines.
 * @throws Error with the first compiler or download message
 */
export async function buildConsul(say: (line: string) => void): Promise<string> {
  const go = onPath('go');
  if (go === undefined) throw new Error('no Go toolchain on PATH');
  await fillOnce(cached(), async (stage) => {
    const work = join(stage, 'module');
    mkdirSync(work);
    writeFileSync(
      join(work, 'go.mod'),
      [
        'module breakwater.invalid/consul',
        'go 1.25.9',
        `require github.com/hashicorp/consul v${VERSION}`,
        `require github.com/hashicorp/consul/api v${API_VERSION}`,
        'exclude github.com/hashicorp/go-msgpack v1.1.5',
        'exclude github.com/hashicorp/go-msgpack v1.1.6',
        '',
      ].join('\n'),
    );
    say(`consul-current: building Consul ${VERSION} from its Go module, this takes some minutes`);
    const args = [
      'build',
      '-mod=mod',
      '-trimpath',
      '-ldflags',
      `-s -w -X github.com/hashicorp/consul/version.GitDescribe=v${VERSION}`,
      '-o',
      join(stage, 'consul'),
      'github.com/hashicorp/consul',
    ];
    const { code, stderr, timedOut } = await run(go, args, {
      cwd: work,
      limitMs: BUILD_LIMIT_MS,
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false', GO111MODULE: 'on' },
    });
    if (code === 0) return;
    const lines = stderr
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('go: downloading') && !line.startsWith('#'));
    throw new Error(
      timedOut
        ? `the build did not finish within ${BUILD_LIMIT_MS / 60_000} minutes`
        : `go build failed: ${lines.slice(0, 3).join('; ')}`,
    );
  });
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
