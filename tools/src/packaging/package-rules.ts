import { findImports } from '../layers/imports.js';

/** The fields of a package.json that a publication needs. */
export interface PublishedManifest {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly license?: string;
  readonly type?: string;
  readonly sideEffects?: boolean;
  readonly engines?: Readonly<Record<string, string>>;
  readonly types?: string;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly publishConfig?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

/** What all packages share, from the root's package.json and lerna.json. */
export interface Common {
  readonly version: string;
  readonly license: string;
  readonly node: string;
}

const SCOPE = '@breakwater/';
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepare'];
/** Files that are of use in the repo only. */
const NOT_FOR_USERS = [/\.i?test\./, /\.tsbuildinfo$/, /(?:^|\/)(?:testdata|golden|fixtures)\//, /^tsconfig/, /\.tgz$/];

/** What is wrong with a package.json, for a user who installs the package. */
export function manifestProblems(manifest: PublishedManifest, common: Common): readonly string[] {
  const problems: string[] = [];
  const expect = (field: string, actual: unknown, wanted: unknown): void => {
    if (actual !== wanted) problems.push(`${field} is ${JSON.stringify(actual)}, not ${JSON.stringify(wanted)}`);
  };
  expect('version', manifest.version, common.version);
  expect('license', manifest.license, common.license);
  expect('engines.node', manifest.engines?.['node'], common.node);
  expect('type', manifest.type, 'module');
  expect('sideEffects', manifest.sideEffects, false);
  expect('publishConfig.access', manifest.publishConfig?.['access'], 'public');
  if ((manifest.description ?? '').length < 20) problems.push('description says too little');
  if (manifest.exports?.['.'] === undefined) problems.push('exports has no "."');
  if (manifest.exports?.['./package.json'] !== './package.json') problems.push('exports has no "./package.json"');
  for (const [subpath, target] of Object.entries(manifest.exports ?? {})) {
    if (subpath === './package.json') continue;
    // The order counts: a compiler takes the first condition that holds.
    if (typeof target === 'string' || Object.keys(target).join() !== 'types,default')
      problems.push(`exports "${subpath}" has not the conditions types, default in this order`);
  }
  for (const [name, range] of Object.entries(manifest.dependencies ?? {}))
    if (name.startsWith(SCOPE)) expect(`dependencies ${name}`, range, common.version);
  for (const script of INSTALL_SCRIPTS)
    if (manifest.scripts?.[script] !== undefined) problems.push(`scripts.${script} would run at users`);
  return problems;
}

/** What is missing from, or superfluous in, the files of a tarball. */
export function contentProblems(manifest: PublishedManifest, files: readonly string[]): readonly string[] {
  const present = new Set(files);
  const problems = files
    .filter((file) => NOT_FOR_USERS.some((pattern) => pattern.test(file)))
    .map((file) => `${file} is published`);
  const targets = [
    ...Object.values(manifest.exports ?? {}).flatMap((target) =>
      typeof target === 'string' ? [target] : Object.values(target),
    ),
    ...Object.values(manifest.bin ?? {}),
    manifest.types ?? './dist/index.d.ts',
  ];
  for (const target of new Set(targets.map((path) => path.replace(/^\.\//, '')))) {
    const [before = '', after] = target.split('*');
    const found =
      after === undefined ? present.has(target) : files.some((file) => file.startsWith(before) && file.endsWith(after));
    if (!found) problems.push(`${target} is promised, but not published`);
  }
  for (const file of ['README.md', 'LICENSE']) if (!present.has(file)) problems.push(`${file} is missing`);
  return problems;
}

/**
 * Modules that the published files import without a declared dependency, and dependencies that nothing published mentions.
 * @param peers what the package's dependencies want as peers: to provide that is use
 */
export function dependencyProblems(
  manifest: PublishedManifest,
  sources: ReadonlyMap<string, string>,
  peers: ReadonlySet<string> = new Set(),
): readonly string[] {
  const declared = new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }));
  const problems: string[] = [];
  for (const [path, text] of sources) {
    for (const { specifier, line } of findImports(text)) {
      const module = specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/');
      if (/^(?:\.|node:|#)/.test(specifier) || declared.has(module)) continue;
      problems.push(`${path}:${line} imports ${module}, which is no dependency`);
    }
  }
  const everything = [...sources.values()].join('\n');
  for (const name of declared)
    if (
      !peers.has(name) &&
      ![`'`, '"', '`'].some((quote) => [quote, '/'].some((end) => everything.includes(`${quote}${name}${end}`)))
    )
      problems.push(`${name} is a dependency, but nothing published mentions it`);
  return problems;
}

/** The specifiers a user can import, with `*` filled in from the published files. */
export function importableSpecifiers(manifest: PublishedManifest, files: readonly string[]): readonly string[] {
  return Object.entries(manifest.exports ?? {}).flatMap(([subpath, target]) => {
    if (typeof target === 'string') return [];
    const [before = '', after] = (target['default'] ?? '').replace(/^\.\//, '').split('*');
    if (after === undefined) return [`${manifest.name}${subpath.slice(1)}`];
    return files
      .filter((file) => file.startsWith(before) && file.endsWith(after) && file.length > before.length + after.length)
      .map(
        (file) =>
          `${manifest.name}${subpath.slice(1).replace('*', file.slice(before.length, file.length - after.length))}`,
      );
  });
}
