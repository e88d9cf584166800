import { stat } from 'node:fs/promises';
import path from 'node:path';
import { CliError } from '../../errors.js';
import { compileProtos } from '../../generate/protoc.js';
import { DescriptorPool } from './descriptor-pool.js';
import type { TypeSource } from './type-source.js';

/**
 * Types from proto files. A file is looked up in the include folders; one that lies in none of them may be given by its
 * path, and its folder then counts as an include folder.
 * @throws CliError with protoc's file:line:column, or naming a file or folder that does not exist
 */
export async function protoSource(protos: readonly string[], includes: readonly string[]): Promise<TypeSource> {
  const dirs = await Promise.all(includes.map(requireFolder));
  const roots = new Set(dirs.length === 0 ? [process.cwd()] : dirs);
  const files: string[] = [];
  for (const proto of protos) files.push(await locate(proto, roots));
  const [protoDir = process.cwd(), ...includeDirs] = roots;
  const { set } = await compileProtos({ protoDir, files, includeDirs });
  const pool = new DescriptorPool();
  pool.add(set.file);
  const own = new Set(files);
  return {
    description: protos.join(', '),
    services: async () =>
      set.file
        .filter(({ name }) => own.has(name))
        .flatMap((file) => file.service.map(({ name }) => (file.package === '' ? name : `${file.package}.${name}`)))
        .toSorted(),
    find: async (symbol) => (pool.registry.get(symbol) === undefined ? undefined : pool.registry),
  };
}

/** The name under which protoc finds a file; adds its folder to the roots when no root holds it. */
async function locate(proto: string, roots: Set<string>): Promise<string> {
  for (const root of roots) {
    const absolute = path.resolve(root, proto);
    if (await isFile(absolute)) return toImportName(root, absolute, roots);
  }
  const absolute = path.resolve(proto);
  if (!(await isFile(absolute))) {
    throw new CliError(`--proto ${proto}: there is no such file (looked in ${[...roots].join(', ')})`, {
      remedy: 'Pass the path of a .proto file; with --include DIR, relative to DIR.',
      exitCode: 2,
    });
  }
  return toImportName([...roots].find((root) => isInside(root, absolute)) ?? '', absolute, roots);
}

function toImportName(root: string, absolute: string, roots: Set<string>): string {
  const within = root !== '' && isInside(root, absolute) ? root : path.dirname(absolute);
  roots.add(within);
  return path.relative(within, absolute).split(path.sep).join('/');
}

const isInside = (root: string, file: string): boolean =>
  !path.relative(root, file).startsWith('..') && !path.isAbsolute(path.relative(root, file));

const isFile = async (file: string): Promise<boolean> => (await stat(file).catch(() => undefined))?.isFile() === true;

async function requireFolder(dir: string): Promise<string> {
  if ((await stat(dir).catch(() => undefined))?.isDirectory() === true) return path.resolve(dir);
  throw new CliError(`--include ${dir}: there is no such folder (looked at ${path.resolve(dir)})`, { exitCode: 2 });
}
