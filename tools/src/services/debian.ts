import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../child-process.js';
import { onPath } from './cache.js';

const FETCH_LIMIT_MS = 180_000;
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** The addresses of Debian archives in an apt sources text: one-line (`deb URL suite …`) or deb822 (`URIs:` and `Suites:`). Disabled and non-Debian entries are left out. */
export function debianMirrors(text: string, format: 'list' | 'sources'): readonly string[] {
  const isDebian = (uri: string): boolean => /^https?:\/\/\S+\/debian\/?$/.test(uri);
  if (format === 'list') {
    const lines = text.split('\n').map((line) => /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s/.exec(line)?.[1]);
    return lines.filter((uri): uri is string => uri !== undefined && isDebian(uri));
  }
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = stanza.split('\n').filter((line) => !line.startsWith('#'));
    if (fields.some((line) => /^Enabled:\s*no\s*$/i.test(line))) return [];
    const uris = fields.flatMap((line) => /^URIs:\s*(.*)$/i.exec(line)?.[1]?.split(/\s+/) ?? []);
    return uris.filter(isDebian);
  });
}

function readMirrors(etc = '/etc/apt'): readonly string[] {
  const files = [join(etc, 'sources.list')];
  if (existsSync(join(etc, 'sources.list.d')))
    files.push(...readdirSync(join(etc, 'sources.list.d')).map((name) => join(etc, 'sources.list.d', name)));
  const found = files
    .filter((path) => /\.(?:list|sources)$/.test(path) && existsSync(path))
    .flatMap((path) => debianMirrors(readFileSync(path, 'utf8'), path.endsWith('.sources') ? 'sources' : 'list'));
  return [...new Set(found.map((uri) => uri.replace(/\/$/, '')))];
}

/** Debian's architecture name of this machine. */
export const debianArch = (): string =>
  ({ x64: 'amd64', arm64: 'arm64', ia32: 'i386', arm: 'armhf' })[process.arch as string] ?? process.arch;

/** An apt of our own: lists and downloads live in one folder, the system's state is read but never written. Signatures are verified as always. */
export interface Apt {
  /** Downloads the .deb files of these packages (newest version) into a folder and returns their paths. */
  download(packages: readonly string[], into: string): Promise<readonly string[]>;
  /** The packages among these and their dependencies that are not installed on this system. */
  missing(packages: readonly string[]): Promise<readonly string[]>;
}

async function must(file: string, args: readonly string[], env: NodeJS.ProcessEnv, cwd?: string): Promise<string> {
  const attempt = (): ReturnType<typeof run> =>
    run(file, args, { limitMs: FETCH_LIMIT_MS, env, ...(cwd === undefined ? {} : { cwd }) });
  let result = await attempt();
  // Mirrors drop connections; one more attempt, then it is an error.
  if (result.code !== 0) result = await attempt();
  if (result.code === 0) return result.stdout;
  const reason = result.timedOut
    ? `no answer within ${FETCH_LIMIT_MS / 1000} s`
    : `${result.stderr}\n${result.stdout}`
        .trim()
        .split('\n')
        .filter((line) => /^[EW]:/.test(line))
        .slice(0, 4)
        .join('; ');
  throw new Error(`${file} ${args[0] ?? ''} failed: ${reason || `exit code ${result.code}`}`);
}

/**
 * Prepares an apt with private state below `dir`.
 * @param release a Debian release to read instead of the system's own sources, from the mirror that the system uses
 * @throws Error when this machine has no apt, no Debian mirror in its sources, or the mirror does not answer
 */
export async function privateApt(dir: string, release?: string): Promise<Apt> {
  for (const tool of ['apt-get', 'dpkg'])
    if (onPath(tool) === undefined)
      throw new Error(`${tool} is not on PATH: this needs Debian or a system derived from it`);
  mkdirSync(join(dir, 'lists/partial'), { recursive: true });
  mkdirSync(join(dir, 'cache/archives/partial'), { recursive: true });
  const conf = [
    `Dir::State::lists "${dir}/lists";`,
    `Dir::Cache "${dir}/cache";`,
    'APT::Sandbox::User "root";',
    'Debug::NoLocking "true";',
    'Acquire::http::Timeout "30";',
    'Acquire::https::Timeout "30";',
    'Acquire::Languages "none";',
  ];
  if (release !== undefined) {
    const mirrors = readMirrors();
    if (mirrors.length === 0) throw new Error('the apt sources of this machine name no Debian mirror');
    if (!existsSync(KEYRING)) throw new Error(`${KEYRING} is missing: install debian-archive-keyring`);
    writeFileSync(
      join(dir, 'sources.list'),
      mirrors.map((uri) => `deb [arch=${debianArch()} signed-by=${KEYRING}] ${uri} ${release} main\n`).join(''),
    );
    conf.push(`Dir::Etc::sourcelist "${dir}/sources.list";`, 'Dir::Etc::sourceparts "/dev/null";');
  }
  writeFileSync(join(dir, 'apt.conf'), `${conf.join('\n')}\n`);
  const env = { ...process.env, APT_CONFIG: join(dir, 'apt.conf'), LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
  await must('apt-get', ['update', '-q', ...(release === undefined ? [] : ['-o', 'APT::Update::Error-Mode=any'])], env);
  return {
    async download(packages, into) {
      mkdirSync(into, { recursive: true });
      await must('apt-get', ['download', '-q', ...packages], env, into);
      const files = readdirSync(into).filter((name) => name.endsWith('.deb'));
      return files.map((name) => join(into, name));
    },
    async missing(packages) {
      const plan = await must('apt-get', ['install', '-s', '-q', '--no-install-recommends', ...packages], env);
      return [...plan.matchAll(/^Inst (\S+)/gm)].map((match) => match[1] as string);
    },
  };
}

/** Unpacks .deb files below a folder, as `dpkg -x` does: nothing is registered, no script of theirs runs. */
export async function unpackDebs(debs: readonly string[], into: string): Promise<void> {
  for (const deb of debs) await must('dpkg', ['-x', deb, into], process.env);
}

/** Installs packages system-wide. Only for CI and `--install-servers`. @throws Error naming the missing right when not root */
export async function aptInstall(packages: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new Error(
      `installing ${packages.join(' ')} needs root: run 'sudo apt-get install -y --no-install-recommends ${packages.join(' ')}'`,
    );
  const env = { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
  await must('apt-get', ['update', '-q'], env);
  await must('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], env);
}
