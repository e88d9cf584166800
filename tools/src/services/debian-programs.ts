import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { run } from '../child-process.js';
import { cacheDir, isExecutable, onPath } from './cache.js';
import { debianArch } from './debian.js';
import { unpackPackages } from './debian-unpack.js';
import type { Located, Service } from './service.js';

/** Programs of a Debian package: the machine's own where they are installed, else unpacked into the cache folder. */
interface DebianPrograms {
  readonly name: string;
  readonly packages: readonly string[];
  /** The path of each variable's program in the package; the first is the one that suites ask for. */
  readonly variables: readonly (readonly [variable: string, path: string])[];
  /** Arguments with which the first program tells its version, and where. What does not answer so is not used: a build may lack HTTP/2. */
  readonly probe: { readonly args: readonly string[]; readonly version: RegExp };
}

const cached = (name: string): string => join(cacheDir(), `${name}-${debianArch()}`);

async function versionOf(path: string, { args, version }: DebianPrograms['probe']): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await run(path, args, { limitMs: 20_000 });
    return version.exec(stdout + stderr)?.[1];
  } catch {
    return undefined;
  }
}

async function locate({ name, variables, probe }: DebianPrograms): Promise<Located | undefined> {
  const places: readonly ((path: string) => string | undefined)[] = [
    (path) => onPath(basename(path)) ?? path,
    (path) => join(cached(name), 'bin', basename(path)),
  ];
  for (const place of places) {
    const env: Record<string, string> = {};
    for (const [variable, path] of variables) env[variable] = process.env[variable] || (place(path) ?? '');
    const [first = ''] = Object.values(env);
    if (!Object.values(env).every(isExecutable)) continue;
    const version = await versionOf(first, probe);
    if (version !== undefined) return { env, found: `${name} ${version}, ${first}` };
  }
  return undefined;
}

function debianPrograms(programs: DebianPrograms): Service {
  const { name, packages, variables } = programs;
  return {
    name,
    class: 'required',
    variable: variables[0]?.[0] ?? '',
    slow: false,
    locate: () => locate(programs),
    async install() {
      const wrapped = variables.map(([, path]) => ({ name: basename(path), program: path }));
      await unpackPackages(cached(name), packages, wrapped);
      const located = await locate(programs);
      if (located !== undefined) return located;
      rmSync(cached(name), { recursive: true, force: true });
      throw new Error(`${packages.join(' and ')} were unpacked but do not run on this machine`);
    },
  };
}

/** A proxy that speaks gRPC to its backends: `grpc_pass`. */
export const nginx: Service = debianPrograms({
  name: 'nginx',
  packages: ['nginx'],
  variables: [['NGINX_BIN', '/usr/sbin/nginx']],
  probe: { args: ['-V'], version: /nginx\/(\S+)[^]*--with-http_v2_module/ },
});

/** A proxy that passes HTTP/2 on to its backends: `proto h2`. */
export const haproxy: Service = debianPrograms({
  name: 'haproxy',
  packages: ['haproxy'],
  variables: [['HAPROXY_BIN', '/usr/sbin/haproxy']],
  probe: { args: ['-v'], version: /HAProxy version (\S+)/i },
});

/** HTTP/2 clients on a library that is neither Node's nor Go's: `nghttp` tells every frame, `h2load` sends many. */
export const nghttp2: Service = debianPrograms({
  name: 'nghttp2',
  packages: ['nghttp2-client'],
  variables: [
    ['NGHTTP_BIN', '/usr/bin/nghttp'],
    ['H2LOAD_BIN', '/usr/bin/h2load'],
  ],
  probe: { args: ['--version'], version: /nghttp2\/(\S+)/ },
});
