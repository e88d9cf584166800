import { posix } from 'node:path';
import type { Workspace } from '../repo.js';
import type { Failure } from '../stage.js';
import { findCycles } from './cycles.js';
import { findImports, type Import } from './imports.js';
import { tokenize } from './lexer.js';
import { EXPERIMENTAL, MAY_IMPORT, RESTRICTED_MODULES } from './rules.js';

/** A source file: path relative to the root, with forward slashes, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

const SCOPE = '@breakwater/';
const isTest = (path: string): boolean => /\.i?test\.ts$/.test(path);
/** A test, or a helper of tests in a folder that the package does not publish. */
const isForTests = (path: string, { manifest }: Workspace): boolean =>
  isTest(path) || (path.includes('/testing/') && manifest.files?.includes('!src/**/testing') === true);
const isBuiltin = (specifier: string): boolean => specifier.startsWith('node:');
/** `@scope/name/sub` -> `@scope/name`; `name/sub` -> `name`. */
const moduleName = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/**
 * Checks every import of every workspace's sources against rules.ts, package.json and tsconfig.json.
 * @param rootDevDependencies modules that the root installs for the tests of all workspaces
 * @returns one failure per violation, its place as `file:line`
 */
export function checkLayers(
  workspaces: readonly Workspace[],
  files: readonly SourceFile[],
  rootDevDependencies: readonly string[],
): readonly Failure[] {
  const failures: Failure[] = [];
  const byName = new Map(workspaces.map((workspace) => [workspace.manifest.name, workspace]));
  for (const workspace of workspaces) {
    const own = files.filter(({ path }) => path.startsWith(`${workspace.dir}/src/`));
    const parsed = own.map((file) => ({ file, imports: findImports(file.text) }));
    for (const { file, imports } of parsed) {
      for (const one of imports)
        for (const detail of importProblems(workspace, file, one, byName, rootDevDependencies))
          failures.push({ where: `${file.path}:${one.line}`, detail });
    }
    failures.push(
      ...cycleProblems(parsed),
      ...experimentalProblems(parsed),
      ...manifestProblems(workspace, mentionedModules(own), byName),
    );
  }
  return failures;
}

function importProblems(
  workspace: Workspace,
  file: SourceFile,
  { specifier }: Import,
  byName: ReadonlyMap<string, Workspace>,
  rootDevDependencies: readonly string[],
): readonly string[] {
  if (isBuiltin(specifier)) return [];
  if (specifier.startsWith('.')) return relativeProblems(workspace, file, specifier);
  const { manifest, dir } = workspace;
  const module = moduleName(specifier);
  const problems: string[] = [];
  const product = dir.startsWith('packages/');
  const test = isForTests(file.path, workspace);
  const short = dir.slice('packages/'.length);
  if (module === manifest.name) problems.push(`imports its own package by name ('${specifier}'): use a relative path`);

  const target = byName.get(module);
  if (module.startsWith(SCOPE) && module !== manifest.name) {
    if (target === undefined) problems.push(`imports '${specifier}', which is no package of this repo`);
    else {
      if (specifier !== module && !exportsPath(target.manifest.exports, `.${specifier.slice(module.length)}`))
        problems.push(`imports '${specifier}', which ${module} does not export: deep imports are not allowed`);
      if (product && !test && MAY_IMPORT[short]?.includes(module.slice(SCOPE.length)) !== true)
        problems.push(
          `${short} may not import ${module.slice(SCOPE.length)} (it may import: ${MAY_IMPORT[short]?.join(', ') || 'nothing'}); see tools/src/layers/rules.ts`,
        );
      if (!workspace.references.includes(target.dir))
        problems.push(`imports ${module}, but ${dir}/tsconfig.json does not reference ${target.dir}`);
    }
  }
  const restricted = RESTRICTED_MODULES.find((rule) => rule.module === module);
  if (restricted !== undefined && product && !test && !restricted.only.includes(short))
    problems.push(`only ${restricted.only.join(', ')} may import ${module}: ${restricted.why}`);
  if (module === EXPERIMENTAL.module && specifier !== module)
    problems.push(`imports '${specifier}': deep imports of ${module} are not allowed`);
  if (module !== manifest.name && !isDeclared(workspace, module, test, rootDevDependencies))
    problems.push(
      `imports ${module}, which ${dir}/package.json does not declare${test ? '' : ' as a dependency or peerDependency'}`,
    );
  return problems;
}

/** Whether `exports` offers a subpath, by its own key or by one with a star. */
function exportsPath(exports: Workspace['manifest']['exports'] = {}, path: string): boolean {
  return Object.entries(exports).some(([key, target]) => {
    const [head = '', tail] = key.split('*');
    if (target === null || tail === undefined) return key === path;
    // A star of its own does not open the folders of the build.
    if (/^\.\/(?:dist|src)\//.test(path)) return false;
    return path.length > head.length + tail.length && path.startsWith(head) && path.endsWith(tail);
  });
}

function isDeclared(
  { manifest }: Workspace,
  module: string,
  test: boolean,
  rootDevDependencies: readonly string[],
): boolean {
  const names = [
    manifest.dependencies,
    manifest.peerDependencies,
    manifest.optionalDependencies,
    ...(test ? [manifest.devDependencies] : []),
  ].flatMap((group) => Object.keys(group ?? {}));
  // Workspaces that are never published (tools, examples, bench) may use what the root installs.
  return (
    names.includes(module) ||
    (test && rootDevDependencies.includes(module)) ||
    (!manifest.name.startsWith(SCOPE) && rootDevDependencies.includes(module))
  );
}

function relativeProblems(workspace: Workspace, file: SourceFile, specifier: string): readonly string[] {
  const target = posix.join(posix.dirname(file.path), specifier);
  const problems: string[] = [];
  if (!target.startsWith(`${workspace.dir}/`))
    problems.push(`'${specifier}' leaves ${workspace.dir}: import the package by its name`);
  else if (!target.startsWith(`${workspace.dir}/src/`) && !target.endsWith('/package.json'))
    problems.push(`'${specifier}' leaves ${workspace.dir}/src`);
  if (!isTest(file.path) && /\.i?test\.js$/.test(specifier))
    problems.push(`'${specifier}' is a test: product code may not import it`);
  if (!/\.(?:js|json)$/.test(specifier)) problems.push(`'${specifier}' does not end in .js`);
  return problems;
}

interface Parsed {
  readonly file: SourceFile;
  readonly imports: readonly Import[];
}

function cycleProblems(parsed: readonly Parsed[]): readonly Failure[] {
  const edges = new Map<string, readonly string[]>();
  // Type imports are erased: only values can meet a module that has not run yet.
  for (const { file, imports } of parsed) {
    const targets = imports.filter(({ specifier, typeOnly }) => specifier.startsWith('.') && !typeOnly);
    edges.set(
      file.path,
      targets.map(({ specifier }) => posix.join(posix.dirname(file.path), specifier).replace(/\.js$/, '.ts')),
    );
  }
  return findCycles(edges).map((cycle) => ({
    where: cycle[0] ?? '',
    detail: `import cycle: ${[...cycle, cycle[0]].join(' -> ')}`,
  }));
}

function experimentalProblems(parsed: readonly Parsed[]): readonly Failure[] {
  const users = parsed.flatMap(({ file, imports }) => {
    if (isTest(file.path) || !imports.some(({ specifier }) => specifier === EXPERIMENTAL.module)) return [];
    const token = tokenize(file.text).find(({ kind, value }) => kind === 'word' && value === EXPERIMENTAL.word);
    return token === undefined ? [] : [{ path: file.path, line: token.line }];
  });
  return users.slice(1).map(({ path, line }) => ({
    where: `${path}:${line}`,
    detail: `uses ${EXPERIMENTAL.module}'s '${EXPERIMENTAL.word}' interface, which ${users[0]?.path} already does: only one file may`,
  }));
}

/** Packages named in any string: imported, or resolved at run time. */
const mentionedModules = (files: readonly SourceFile[]): ReadonlySet<string> =>
  new Set(
    files.flatMap(({ text }) =>
      tokenize(text)
        .filter(({ kind }) => kind === 'string')
        .map(({ value }) => moduleName(value)),
    ),
  );

/** package.json and tsconfig.json against each other and against what the sources name. */
function manifestProblems(
  { dir, manifest, references }: Workspace,
  used: ReadonlySet<string>,
  byName: ReadonlyMap<string, Workspace>,
): readonly Failure[] {
  const declared = [...Object.keys(manifest.dependencies ?? {}), ...Object.keys(manifest.devDependencies ?? {})].filter(
    (name) => byName.has(name),
  );
  const failures: Failure[] = [];
  for (const name of new Set(declared)) {
    const target = byName.get(name)?.dir ?? '';
    if (!references.includes(target))
      failures.push({
        where: `${dir}/tsconfig.json`,
        detail: `does not reference ${target}, although package.json declares ${name}`,
      });
  }
  const unused = [...new Set(declared)].filter((name) => !used.has(name));
  if (unused.length > 0)
    failures.push({
      where: `${dir}/package.json`,
      detail: `declares what no source file names: ${unused.join(', ')}; remove it there and from tsconfig.json`,
    });
  for (const reference of references) {
    const target = [...byName.values()].find((candidate) => candidate.dir === reference);
    if (target !== undefined && !declared.includes(target.manifest.name))
      failures.push({
        where: `${dir}/tsconfig.json`,
        detail: `references ${reference}, but package.json does not declare ${target.manifest.name}`,
      });
  }
  if (dir.startsWith('packages/') && MAY_IMPORT[dir.slice('packages/'.length)] === undefined)
    failures.push({
      where: `${dir}/package.json`,
      detail: 'is a new package: say in tools/src/layers/rules.ts what it may import',
    });
  return failures;
}
