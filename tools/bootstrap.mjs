#!/usr/bin/env node
/**
 * The one entry of every npm script: makes a fresh clone runnable, then hands over to the command.
 *
 *   node tools/bootstrap.mjs COMMAND [arguments]
 *
 * 1. checks the Node version;
 * 2. runs `npm ci` when node_modules does not hold what package-lock.json asks for;
 * 3. builds with `tsc -b` (incremental) and removes output whose source is gone;
 * 4. loads the command's compiled script in this very process, so that signals and the exit code need no forwarding.
 *
 * Plain JavaScript without dependencies, because nothing is installed when it starts. Progress goes to stderr: stdout belongs to the command.
 */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const MINIMUM_NODE = [20, 19];
const INSTALL_LIMIT_MS = 15 * 60_000;
const BUILD_LIMIT_MS = 10 * 60_000;
const LOCK_LIMIT_MS = 20 * 60_000;

/** `entry`: compiled script; `project`: what `tsc -b` builds for it; `tolerant`: runs even when something else does not compile, and reports that itself. */
const COMMANDS = {
  build: { about: 'install and compile', project: '.' },
  test: {
    about: 'every check and test (--full, --grep TEXT, --only PATH, --coverage, --install-servers)',
    project: '.',
    entry: 'tools/dist/test.js',
    tolerant: true,
  },
  lint: {
    about: 'format, lint, layer and ambient checks only (--fix)',
    project: '.',
    entry: 'tools/dist/lint.js',
    tolerant: true,
  },
  demo: {
    about: 'the shop, load and faults (--duration S, --json, --keep)',
    project: '.',
    entry: 'examples/shop/demo/dist/main.js',
  },
  generate: {
    about: 'protos -> typed code (--check)',
    project: 'tools',
    entry: 'tools/dist/generate.js',
    tolerant: true,
  },
  'proto-check': {
    about: 'lint protos, refuse breaking changes',
    project: 'tools',
    entry: 'tools/dist/proto-check.js',
    tolerant: true,
  },
  bench: {
    about: 'this project beside its peers (--quick, --only REGEXP, --json, --save FILE, --render FILE)',
    project: '.',
    entry: 'bench/dist/main.js',
  },
  'bench-micro': {
    about: 'time and allocations of the parts (--check, --write, --json, --quick)',
    project: '.',
    entry: 'bench/dist/micro/main.js',
  },
  start: { about: 'run one example: start WORKSPACE [arguments]' },
  'install-services': {
    about: 'fetch the real servers that tests use (--list, --env)',
    project: 'tools',
    entry: 'tools/dist/install-services.js',
    tolerant: true,
  },
};

const say = (line) => process.stderr.write(`${line}\n`);

class Stop extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor >= MINIMUM_NODE[1])) return;
  throw new Stop(
    `Node ${MINIMUM_NODE.join('.')} or newer is needed, this is ${process.versions.node} (${process.execPath}). Install a current Node 20, 22 or later and run the command again.`,
  );
}

/** Optimal string alignment distance; small inputs only. */
function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1)
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length];
}

function usage() {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  return Object.entries(COMMANDS)
    .map(([name, { about }]) => `  ${name.padEnd(width)}  ${about}`)
    .join('\n');
}

function pickCommand(name) {
  if (name !== undefined && Object.hasOwn(COMMANDS, name)) return COMMANDS[name];
  if (name === undefined || name === '--help' || name === '-h')
    throw new Stop(`usage: node tools/bootstrap.mjs COMMAND [arguments]\n${usage()}`, name === undefined ? 2 : 0);
  const nearest = Object.keys(COMMANDS).sort((a, b) => distance(name, a) - distance(name, b))[0];
  const hint = distance(name, nearest) <= Math.max(2, nearest.length / 2) ? ` Did you mean '${nearest}'?` : '';
  throw new Stop(`unknown command '${name}'.${hint} The commands are:\n${usage()}`, 2);
}

/** `start WORKSPACE` runs that workspace's main module; it builds no more than this needs. */
function resolveCommand(name, args) {
  const command = pickCommand(name);
  if (name !== 'start') return { command, args };
  const [workspace, ...others] = args;
  if (workspace === undefined || !existsSync(join(ROOT, workspace, 'src/main.ts')))
    throw new Stop(`start: '${workspace ?? ''}' is no workspace with a main module; try examples/shop/payments`, 2);
  return { command: { ...command, project: workspace, entry: `${workspace}/dist/main.js` }, args: others };
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new Stop(`${path} cannot be read: ${error.message}`);
  }
}

/**
 * Says why an install is needed, or nothing. npm writes node_modules/.package-lock.json last, so its content tells what was
 * really installed, also after an interrupted run; modification times would not survive a copy or a `git checkout`.
 */
function whyInstall() {
  const wanted = readJson(join(ROOT, 'package-lock.json'));
  if (wanted === undefined)
    throw new Stop(`package-lock.json is missing in ${ROOT}: restore it with 'git checkout package-lock.json'`);
  if (!existsSync(join(ROOT, 'node_modules'))) return 'node_modules is missing';
  let installed;
  try {
    installed = JSON.parse(readFileSync(join(ROOT, 'node_modules/.package-lock.json'), 'utf8'));
  } catch {
    return 'node_modules is incomplete';
  }
  for (const [path, entry] of Object.entries(wanted.packages)) {
    if (!path.includes('node_modules/')) continue;
    const have = installed.packages?.[path];
    if (have === undefined) {
      if (entry.optional || entry.devOptional || entry.peer) continue;
      return `${path} is missing`;
    }
    if (entry.link ? !have.link : have.version !== entry.version || (have.integrity ?? '') !== (entry.integrity ?? ''))
      return `${path} differs from package-lock.json`;
    if (!existsSync(join(ROOT, path))) return `${path} was removed`;
  }
  return undefined;
}

const running = new Set();

/** Ends a child with everything it started: it leads a process group of its own. */
function endGroup(child, signal) {
  try {
    if (process.platform === 'win32') child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // Gone already.
  }
}

function onSignal(signal) {
  for (const child of running) endGroup(child, 'SIGTERM');
  setTimeout(
    () => {
      for (const child of running) endGroup(child, 'SIGKILL');
      process.exit(signal === 'SIGINT' ? 130 : 143);
    },
    running.size === 0 ? 0 : 2000,
  );
}

/** Runs a child to its end with a time limit and a sign of life every 20 s. Resolves with its exit code and output. */
function run(file, args, { limitMs, label, env }) {
  return new Promise((resolve, reject) => {
    const shell = process.platform === 'win32';
    const child = spawn(file, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], detached: !shell, shell, env });
    const startedAt = Date.now();
    let output = '';
    let timedOut = false;
    running.add(child);
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    const beat = setInterval(() => say(`  ${label}: ${Math.round((Date.now() - startedAt) / 1000)} s …`), 20_000);
    const limit = setTimeout(() => {
      timedOut = true;
      endGroup(child, 'SIGKILL');
    }, limitMs);
    const finish = () => {
      running.delete(child);
      clearInterval(beat);
      clearTimeout(limit);
    };
    child.once('error', (error) => {
      finish();
      reject(new Stop(`${file} cannot be started: ${error.message}`));
    });
    child.once('close', (code) => {
      finish();
      resolve({ code: timedOut ? 1 : (code ?? 1), output, timedOut, tookMs: Date.now() - startedAt });
    });
  });
}

const INSTALL_REMEDIES = [
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET|ENETUNREACH|EHOSTUNREACH|network/i,
    'the package registry is not reachable: check the network, the proxy settings and `npm config get registry`, then run the command again',
  ],
  [/E401|E403|E407/, 'the package registry refuses the request: check `npm config get registry` and its credentials'],
  [
    /E404|ETARGET|notarget/,
    'the package registry does not have one of the locked versions: check `npm config get registry`',
  ],
  [/EINTEGRITY/, 'a downloaded package differs from package-lock.json: run `npm cache clean --force` and try again'],
  [/ENOSPC/, 'the disk is full'],
  [/EACCES|EPERM|EROFS/, `no permission to write: check who owns ${ROOT} and the npm cache (\`npm config get cache\`)`],
  [/EUSAGE|in sync/, 'package.json and package-lock.json disagree: run `npm install` and commit the lockfile'],
  [/EBADENGINE/, 'this Node version is not supported by a dependency'],
];

async function install(why) {
  say(`installing dependencies with 'npm ci' (${why}) …`);
  // NODE_ENV or a user's `omit` must not leave out the compiler; a nested `npm run` exports its own settings, which would win over .npmrc.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) =>
        !/^npm_(config_(omit|production|only|workspace|workspaces|global|prefix|local_prefix)|lifecycle|package)/i.test(
          name,
        ),
    ),
  );
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const npmCli = process.env.npm_execpath;
  const viaCli = npmCli !== undefined && /npm-cli\.c?js$/.test(npmCli) && existsSync(npmCli);
  const { code, output, timedOut, tookMs } = await run(
    viaCli ? process.execPath : 'npm',
    viaCli ? [npmCli, ...args] : args,
    { limitMs: INSTALL_LIMIT_MS, label: 'npm ci', env },
  );
  if (code === 0) return say(`installed in ${(tookMs / 1000).toFixed(1)} s`);
  const remedy = timedOut
    ? `it did not finish within ${INSTALL_LIMIT_MS / 60_000} minutes`
    : (INSTALL_REMEDIES.find(([pattern]) => pattern.test(output))?.[1] ?? 'see its output above');
  throw new Stop(`${output.trim()}\n\n'npm ci' failed: ${remedy}`);
}

/** Removes compiled files whose source no longer exists; otherwise a deleted test would run for ever. */
function removeOrphans(projectDir) {
  const source = join(ROOT, projectDir, 'src');
  const dist = join(ROOT, projectDir, 'dist');
  if (!existsSync(dist) || !existsSync(source)) return;
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const match = /^(.*)\.(?:js|d\.ts)(?:\.map)?$/.exec(entry.name);
    if (!entry.isFile() || match === null) continue;
    const parent = entry.parentPath ?? entry.path;
    const base = join(source, parent.slice(dist.length), match[1]);
    if (!existsSync(`${base}.ts`) && !existsSync(`${base}.tsx`)) rmSync(join(parent, entry.name), { force: true });
  }
}

/** The folders of a project and of all it references. A reference to a folder that is gone is tsc's to report. */
function projectDirs(dir, seen = new Set()) {
  const relative = dir.split('\\').join('/');
  if (seen.has(relative)) return seen;
  seen.add(relative);
  for (const { path } of readJson(join(ROOT, dir, 'tsconfig.json'))?.references ?? [])
    projectDirs(join(dir, path), seen);
  return seen;
}

async function build(project) {
  for (const dir of projectDirs(project)) if (dir !== '.') removeOrphans(dir);
  const fresh = !existsSync(join(ROOT, 'tools/dist/.tsbuildinfo'));
  if (fresh) say('building …');
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const { code, output, timedOut, tookMs } = await run(process.execPath, [tsc, '-b', project, '--pretty', 'false'], {
    limitMs: BUILD_LIMIT_MS,
    label: 'tsc -b',
    env: process.env,
  });
  if (timedOut) throw new Stop(`the build did not finish within ${BUILD_LIMIT_MS / 60_000} minutes`);
  linkCommands();
  if (code === 0 && (fresh || tookMs > 3000)) say(`built in ${(tookMs / 1000).toFixed(1)} s`);
  return { code, output: output.trim() };
}

/**
 * Makes the commands of our own packages runnable (`npx breakwater`): npm links them at install time, when their files do not
 * exist yet and so get no right to execute.
 */
function linkCommands() {
  const { workspaces = [] } = readJson(join(ROOT, 'package.json')) ?? {};
  const dirs = workspaces.flatMap((pattern) => (pattern.endsWith('/*') ? listDirs(pattern.slice(0, -2)) : [pattern]));
  for (const dir of dirs) {
    for (const [name, target] of Object.entries(readJson(join(ROOT, dir, 'package.json'))?.bin ?? {})) {
      const file = join(ROOT, dir, target);
      if (!existsSync(file)) continue;
      if ((statSync(file).mode & 0o111) !== 0o111) chmodSync(file, 0o755);
      const link = join(ROOT, 'node_modules/.bin', name);
      if (process.platform === 'win32' || existsSync(link)) continue;
      mkdirSync(dirname(link), { recursive: true });
      rmSync(link, { force: true });
      symlinkSync(relative(dirname(link), file), link);
    }
  }
}

const listDirs = (parent) =>
  existsSync(join(ROOT, parent))
    ? readdirSync(join(ROOT, parent), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => `${parent}/${entry.name}`)
    : [];

const alive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

/** Only one process installs or builds at a time; the lock of a process that died is taken over. */
async function exclusively(work) {
  const lock = join(ROOT, '.breakwater/bootstrap.lock');
  mkdirSync(dirname(lock), { recursive: true });
  const giveUpAt = Date.now() + LOCK_LIMIT_MS;
  for (let told = false; ; ) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw new Stop(`${lock} cannot be written: ${error.message}`);
    }
    let holder = 0;
    let ageMs = 0;
    try {
      holder = Number(readFileSync(lock, 'utf8'));
      ageMs = Date.now() - statSync(lock).mtimeMs;
    } catch {
      continue;
    }
    if (holder > 0 ? !alive(holder) : ageMs > 5000) {
      rmSync(lock, { force: true });
      continue;
    }
    if (Date.now() > giveUpAt)
      throw new Stop(
        `another install or build (process ${holder}) holds ${lock} for too long: end it, or remove the file`,
      );
    if (!told) say(`waiting for another install or build (process ${holder}) …`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const release = () => rmSync(lock, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

async function main() {
  checkNode();
  const [name, ...rest] = process.argv.slice(2);
  const { command, args } = resolveCommand(name, rest);
  if (command.entry === undefined && args.length > 0)
    throw new Stop(`${name} takes no arguments, but got ${args.join(' ')}`, 2);
  process.chdir(ROOT);
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const built = await exclusively(async () => {
    const why = whyInstall();
    if (why !== undefined) await install(why);
    return build(command.project);
  });
  process.removeListener('SIGINT', onSignal);
  process.removeListener('SIGTERM', onSignal);
  if (built.code !== 0 && !(command.tolerant && existsSync(join(ROOT, command.entry))))
    throw new Stop(`${built.output}\n\nthe build failed`);
  if (command.entry === undefined) return;
  const entry = join(ROOT, command.entry);
  if (!existsSync(entry)) throw new Stop(`'${name}' is not part of this checkout: ${command.entry} has no source`);
  if (built.code !== 0) {
    // One variable of a process may not be longer than 128 KiB.
    process.env.BREAKWATER_BUILD_ERRORS = built.output.slice(0, 60_000);
    if (name !== 'test' && name !== 'lint')
      say(`${built.output}\n\nthe build failed; '${name}' runs all the same, because it may be what repairs it\n`);
  }
  process.env.PATH = [join(ROOT, 'node_modules/.bin'), process.env.PATH].join(delimiter);
  process.argv = [process.argv[0], entry, ...args];
  process.setSourceMapsEnabled(true);
  await import(pathToFileURL(entry).href);
}

main().catch((error) => {
  say(error instanceof Stop ? error.message : `${error?.stack ?? error}`);
  process.exitCode = error instanceof Stop ? error.exitCode : 1;
});
