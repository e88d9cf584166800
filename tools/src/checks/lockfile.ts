import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../repo.js';
import type { Failure } from '../stage.js';

/** An entry of package-lock.json, as far as this check reads it. */
export interface LockEntry {
  readonly version?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export interface Lockfile {
  readonly packages: Readonly<Record<string, LockEntry>>;
}

interface Missing {
  readonly name: string;
  readonly range: string;
  readonly by: string;
  readonly optional: boolean;
  readonly dev: boolean;
}

/** Where Node would find a module for a package: its own node_modules first, then those of the folders above. */
function resolveEntry(packages: Lockfile['packages'], from: string, name: string): string | undefined {
  for (let at = from; ; at = at.includes('/') ? at.slice(0, at.lastIndexOf('/')) : '') {
    const path = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (packages[path] !== undefined) return path;
    if (at === '') return undefined;
  }
}

function missingEntries({ packages }: Lockfile): readonly Missing[] {
  return Object.entries(packages).flatMap(([path, entry]) => {
    if (entry.link === true) return [];
    const wanted = { ...entry.dependencies, ...(path.includes('node_modules/') ? {} : entry.devDependencies) };
    const isOptional = (name: string): boolean => entry.optionalDependencies?.[name] !== undefined;
    return Object.entries({ ...wanted, ...entry.optionalDependencies })
      .filter(([name]) => resolveEntry(packages, path, name) === undefined)
      .map(([name, range]) => ({
        name,
        range,
        by: path || 'package.json',
        optional: isOptional(name),
        dev: entry.dev ?? false,
      }));
  });
}

/** What `npm ci` on another machine would stumble over: entries that are not there, and addresses of one machine's registry. */
export function lockfileProblems(lock: Lockfile): readonly Failure[] {
  const missing = missingEntries(lock).map(({ name, by, optional }) => ({
    where: 'package-lock.json',
    detail: `${name}, which ${by} needs${optional ? ' on other platforms' : ''}, is missing: run 'npm run lint -- --fix'${optional ? '' : " or 'npm install'"}`,
  }));
  const addressed = Object.entries(lock.packages).filter(([, { resolved }]) =>
    /^(?:https?|git|ssh)/.test(resolved ?? ''),
  );
  return [
    ...missing,
    ...addressed.map(([path]) => ({
      where: 'package-lock.json',
      detail: `${path} names a registry address: install with the .npmrc of this repo`,
    })),
  ];
}

const OS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const CPU: Readonly<Record<string, string>> = {
  arm64: 'arm64',
  x64: 'x64',
  arm: 'arm',
  armv7: 'arm',
  ia32: 'ia32',
  ppc64: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
  loong64: 'loong64',
  mips64el: 'mips64el',
};

/** The platform that a package of native code is for, by its name: `binding-linux-arm64-musl`. */
export function platformOf(name: string): { os: string[]; cpu: string[]; libc?: string[] } | undefined {
  const parts = (name.split('/').at(-1) ?? '').split('-');
  const os = parts.find((part) => OS.includes(part));
  const cpu = parts.map((part) => CPU[part]).find((part) => part !== undefined);
  if (os === undefined || cpu === undefined) return undefined;
  const libc = parts.some((part) => part.startsWith('musl'))
    ? 'musl'
    : parts.some((part) => part.startsWith('gnu'))
      ? 'glibc'
      : undefined;
  return { cpu: [cpu], ...(libc === undefined ? {} : { libc: [libc] }), os: [os] };
}

/**
 * Adds the entries of other platforms' native packages that npm left out. It does so when the registry it asked cannot provide them,
 * and then `npm ci` refuses the lockfile everywhere. Their versions are exact in what needs them; integrity is unknown, so left out.
 */
export function completeLockfile(lock: Lockfile): Lockfile {
  const packages: Record<string, LockEntry> = { ...lock.packages };
  for (const { name, range, optional, dev } of missingEntries(lock)) {
    const platform = platformOf(name);
    if (!optional || platform === undefined || !/^\d+\.\d+\.\d+[\w.+-]*$/.test(range)) continue;
    // npm sorts the fields by name behind the version: no rewriting by the next install.
    const { cpu, libc, os } = platform;
    const entry = {
      version: range,
      cpu,
      ...(dev ? { dev } : {}),
      ...(libc === undefined ? {} : { libc }),
      optional: true,
      os,
    };
    packages[`node_modules/${name}`] = entry;
  }
  const sorted = Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  return { ...lock, packages: Object.fromEntries(sorted) };
}

const PATH = join(ROOT, 'package-lock.json');
const read = (): Lockfile => JSON.parse(readFileSync(PATH, 'utf8')) as Lockfile;

/** Checks package-lock.json; with `fix`, completes it first. */
export function checkLockfile({ fix = false } = {}): readonly Failure[] {
  const lock = read();
  if (fix && missingEntries(lock).some(({ optional }) => optional))
    writeFileSync(PATH, `${JSON.stringify(completeLockfile(lock), null, 2)}\n`);
  return lockfileProblems(read());
}
