import { stat } from 'node:fs/promises';
import path from 'node:path';
import { CliError } from '../../errors.js';

/** The files of `--proto`, and where their imports are. */
export interface LocatedProtos {
  /** Absolute. */
  readonly files: readonly string[];
  /** The names under which the files are imported, in the same order. */
  readonly importNames: readonly string[];
  /** Absolute folders, first match wins. */
  readonly folders: readonly string[];
}

/**
 * Looks files up in the include folders (default: the working directory). One that lies in none of them may be given by
 * its path, and its folder then counts as an include folder.
 * @throws CliError naming a file or folder that does not exist
 */
export async function locateProtos(protos: readonly string[], includes: readonly string[]): Promise<LocatedProtos> {
  const dirs = await Promise.all(includes.map(requireFolder));
  const roots = new Set(dirs.length === 0 ? [process.cwd()] : dirs);
  const files: string[] = [];
  const importNames: string[] = [];
  for (const proto of protos) {
    const { root, file } = await locate(proto, roots);
    roots.add(root);
    files.push(file);
    importNames.push(path.relative(root, file).split(path.sep).join('/'));
  }
  return { files, importNames, folders: [...roots] };
}

async function locate(proto: string, roots: ReadonlySet<string>): Promise<{ root: string; file: string }> {
  for (const root of roots) {
    const file = path.resolve(root, proto);
    if (isInside(root, file) && (await isFile(file))) return { root, file };
  }
  const file = path.resolve(proto);
  if (!(await isFile(file))) {
    throw new CliError(`--proto ${proto}: there is no such file (looked in ${[...roots].join(', ')})`, {
      remedy: 'Pass the path of a .proto file; with --include DIR, relative to DIR.',
      exitCode: 2,
    });
  }
  return { file, root: [...roots].find((root) => isInside(root, file)) ?? path.dirname(file) };
}

const isFile = async (file: string): Promise<boolean> => (await stat(file).catch(() => undefined))?.isFile() === true;

function isInside(root: string, file: string): boolean {
  const relative = path.relative(root, file);
  return relative.split(path.sep)[0] !== '..' && !path.isAbsolute(relative);
}

async function requireFolder(dir: string): Promise<string> {
  if ((await stat(dir).catch(() => undefined))?.isDirectory() === true) return path.resolve(dir);
  throw new CliError(`--include ${dir}: there is no such folder (looked at ${path.resolve(dir)})`, { exitCode: 2 });
}
