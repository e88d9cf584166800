import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../child-process.js';
import { cacheDir, isExecutable } from './cache.js';
import { aptInstall, debianArch } from './debian.js';
import { unpackPackages } from './debian-unpack.js';
import type { InstallOptions, Located, Service } from './service.js';

/** Debian's own interpreter: the packages hold C extensions for exactly this one, so a python3 that comes first on PATH does not do. */
const PYTHON = '/usr/bin/python3';
const PACKAGES = ['python3-grpcio', 'python3-protobuf', 'python3-six', 'protobuf-compiler', 'protobuf-compiler-grpc'];
const PROBE = 'import grpc, google.protobuf as p; print(grpc.__version__, p.__version__)';

const cached = (): string => join(cacheDir(), `python-grpc-${debianArch()}`);

async function probe(python: string): Promise<string | undefined> {
  try {
    const { code, stdout } = await run(python, ['-c', PROBE], { limitMs: 30_000 });
    return code === 0 ? stdout.trim().split(' ')[0] : undefined;
  } catch {
    return undefined;
  }
}

async function describe(python: string, protoc: string, plugin: string): Promise<Located | undefined> {
  if (![python, protoc, plugin].every(isExecutable)) return undefined;
  const version = await probe(python);
  if (version === undefined) return undefined;
  return {
    env: { BREAKWATER_PYTHON: python, BREAKWATER_PROTOC: protoc, BREAKWATER_GRPC_PYTHON_PLUGIN: plugin },
    found: `grpcio ${version}, ${python}`,
  };
}

async function locate(): Promise<Located | undefined> {
  const system = await describe(PYTHON, '/usr/bin/protoc', '/usr/bin/grpc_python_plugin');
  const bin = join(cached(), 'bin');
  return system ?? describe(join(bin, 'python'), join(bin, 'protoc'), join(bin, 'grpc_python_plugin'));
}

const PREPARE = ['export PYTHONPATH="$lib/python3/dist-packages${PYTHONPATH:+:$PYTHONPATH}"'];

async function install({ say, systemWide }: InstallOptions): Promise<Located> {
  if (!existsSync(PYTHON)) {
    if (!systemWide)
      throw new Error(`${PYTHON} is missing, and packages are installed only with 'npm test -- --install-servers'`);
    say(`python-grpc: installing python3 system-wide`);
    await aptInstall(['python3']);
  }
  await unpackPackages(cached(), PACKAGES, [
    { name: 'python', program: { system: PYTHON }, prepare: PREPARE },
    { name: 'protoc', program: '/usr/bin/protoc', prepare: PREPARE },
    { name: 'grpc_python_plugin', program: '/usr/bin/grpc_python_plugin', prepare: PREPARE },
  ]);
  const located = await locate();
  if (located !== undefined) return located;
  rmSync(cached(), { recursive: true, force: true });
  const { stderr } = await run(PYTHON, ['-c', PROBE], { limitMs: 30_000 });
  throw new Error(
    `python3-grpcio was unpacked but does not run with ${PYTHON}: ${stderr.trim().split('\n').at(-1) ?? ''}`,
  );
}

/**
 * A foreign gRPC peer: C-core through Python, with protoc and the Python plugin. Debian's packages, unpacked, not installed.
 * `BREAKWATER_PYTHON` runs Python with `grpc` and `google.protobuf`; `BREAKWATER_PROTOC` and `BREAKWATER_GRPC_PYTHON_PLUGIN` make stubs for it.
 */
export const pythonGrpc: Service = {
  name: 'python-grpc',
  class: 'required',
  variable: 'BREAKWATER_PYTHON',
  slow: false,
  locate,
  install,
};
