import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of the checkout. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The parts of a package.json that the tools read. */
export interface Manifest {
  readonly name: string;
  /** What is published; a pattern that begins with `!` is not. */
  readonly files?: readonly string[];
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
}

/** One npm workspace of the repo. */
export interface Workspace {
  /** Relative to the root, with forward slashes: `packages/core`. */
  readonly dir: string;
  readonly manifest: Manifest;
  /** Folders (relative to the root) that tsconfig.json references. */
  readonly references: readonly string[];
}

/** A path relative to the root, with forward slashes on every platform. */
export const repoPath = (absolute: string): string => relative(ROOT, absolute).split(sep).join('/');

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

/** The folders a workspace pattern names: a path, or a path that ends in a slash and a star. */
function matchDirs(pattern: string): readonly string[] {
  if (!pattern.endsWith('/*')) return [pattern];
  const parent = pattern.slice(0, -2);
  if (!existsSync(join(ROOT, parent))) return [];
  const entries = readdirSync(join(ROOT, parent), { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${parent}/${entry.name}`)
    .sort();
}

/** All workspaces in the order of the root package.json; a pattern's matches are sorted by name. */
export function workspaces(): readonly Workspace[] {
  const { workspaces: patterns } = readJson(join(ROOT, 'package.json')) as { workspaces: readonly string[] };
  const dirs = patterns
    .flatMap((pattern) => matchDirs(pattern))
    .filter((dir) => existsSync(join(ROOT, dir, 'package.json')));
  return dirs.map((dir) => {
    const tsconfig = join(ROOT, dir, 'tsconfig.json');
    const references = existsSync(tsconfig)
      ? ((readJson(tsconfig) as { references?: readonly { path: string }[] }).references ?? [])
      : [];
    return {
      dir,
      manifest: readJson(join(ROOT, dir, 'package.json')) as Manifest,
      references: references.map(({ path }) => repoPath(join(ROOT, dir, path))),
    };
  });
}

/** Files below a folder (relative to the root) whose name passes, as sorted paths relative to the root. `node_modules` is never entered. */
export function filesBelow(dir: string, accept: (name: string) => boolean): readonly string[] {
  const found: string[] = [];
  const visit = (current: string): void => {
    if (!existsSync(join(ROOT, current))) return;
    for (const entry of readdirSync(join(ROOT, current), { withFileTypes: true })) {
      if (entry.name === 'node_modules') continue;
      const path = `${current}/${entry.name}`;
      if (entry.isDirectory()) visit(path);
      else if (accept(entry.name)) found.push(path);
    }
  };
  visit(dir);
  return found.sort();
}
