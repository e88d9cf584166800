import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Finished, run } from './child-process.js';
import { ROOT } from './repo.js';

/** A small repo with the real bootstrap.mjs: one project `tools` whose only command script is `lint`. */
describe('bootstrap.mjs', () => {
  let dir = '';
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  };
  const bootstrap = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> =>
    run(process.execPath, [join(dir, 'tools/bootstrap.mjs'), ...args], {
      cwd: tmpdir(),
      limitMs: 60_000,
      env: { ...process.env, ...env },
    });
  const lockfile = (packages: object): void => {
    for (const path of ['package-lock.json', 'node_modules/.package-lock.json'])
      write(path, JSON.stringify({ name: 'r', lockfileVersion: 3, packages: { '': { name: 'r' }, ...packages } }));
  };

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'breakwater-bootstrap-'));
    mkdirSync(join(dir, 'tools'));
    copyFileSync(join(ROOT, 'tools/bootstrap.mjs'), join(dir, 'tools/bootstrap.mjs'));
    write('package.json', JSON.stringify({ name: 'r', private: true, type: 'module' }));
    write('tsconfig.json', JSON.stringify({ files: [], references: [{ path: 'tools' }] }));
    write(
      'tools/tsconfig.json',
      JSON.stringify({
        compilerOptions: {
          composite: true,
          module: 'NodeNext',
          target: 'ES2023',
          rootDir: 'src',
          outDir: 'dist',
          tsBuildInfoFile: 'dist/.tsbuildinfo',
          types: [],
          sourceMap: true,
        },
        include: ['src'],
      }),
    );
    write(
      'tools/src/lint.ts',
      `declare const process: { argv: string[]; exitCode: number };\ndeclare const console: { log(text: string): void };\nconsole.log(JSON.stringify(process.argv.slice(2)));\nprocess.exitCode = process.argv.length;\nexport {};\n`,
    );
    lockfile({});
    for (const name of ['typescript', '@typescript'])
      if (existsSync(join(ROOT, 'node_modules', name)))
        symlinkSync(join(ROOT, 'node_modules', name), join(dir, 'node_modules', name));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('builds, hands over the arguments and keeps the exit code; stdout belongs to the command', async () => {
    const { code, stdout } = await bootstrap(['lint', '--fix', 'a b']);
    assert.equal(stdout, '["--fix","a b"]\n');
    assert.equal(code, 4);
  });

  it('is quiet when nothing is to be done', async () => {
    await bootstrap(['build']);
    const { code, stdout, stderr } = await bootstrap(['build']);
    assert.deepEqual([code, stdout, stderr], [0, '', '']);
  });

  it('removes the output of deleted sources', async () => {
    write('tools/src/old.test.ts', 'export {};\n');
    await bootstrap(['build']);
    assert.ok(existsSync(join(dir, 'tools/dist/old.test.js')));
    rmSync(join(dir, 'tools/src/old.test.ts'));
    await bootstrap(['build']);
    assert.deepEqual(
      readdirSync(join(dir, 'tools/dist')).filter((name) => name.startsWith('old')),
      [],
    );
  });

  it('makes the commands of a workspace runnable', async () => {
    write('package.json', JSON.stringify({ name: 'r', private: true, type: 'module', workspaces: ['tools'] }));
    write('tools/package.json', JSON.stringify({ name: 't', type: 'module', bin: { thing: 'dist/thing.js' } }));
    write('tools/src/thing.ts', '#!/usr/bin/env node\nexport {};\n');
    await bootstrap(['build']);
    const { code } = await run(join(dir, 'node_modules/.bin/thing'), [], { limitMs: 10_000 });
    assert.equal(code, 0);
  });

  it('names the nearest command for an unknown one, and lists them all', async () => {
    const { code, stderr } = await bootstrap(['biuld']);
    assert.equal(code, 2);
    assert.match(stderr, /unknown command 'biuld'\. Did you mean 'build'\?[\s\S]*install-services/);
  });

  it('refuses arguments that nobody would read', async () => {
    const { code, stderr } = await bootstrap(['build', '--clean']);
    assert.equal(code, 2);
    assert.match(stderr, /^build takes no arguments, but got --clean/);
  });

  it('shows the errors of a build and fails', async () => {
    write('tools/src/broken.ts', 'export const a: string = 1;\n');
    const { code, stderr } = await bootstrap(['build']);
    assert.equal(code, 1);
    assert.match(stderr, /broken\.ts\(1,14\): error TS2322[\s\S]*the build failed/);
  });

  it('says that a command is not part of this checkout', async () => {
    const { code, stderr } = await bootstrap(['bench']);
    assert.equal(code, 1);
    assert.match(stderr, /'bench' is not part of this checkout: bench\/dist\/main\.js/);
  });

  it('lets two processes at once build one after the other', async () => {
    const results = await Promise.all([bootstrap(['lint']), bootstrap(['lint']), bootstrap(['build'])]);
    assert.deepEqual(
      results.map(({ code }) => code),
      [2, 2, 0],
    );
    assert.ok(!existsSync(join(dir, '.breakwater/bootstrap.lock')));
  });

  it('takes over the lock of a process that died', async () => {
    const { stdout } = await run(process.execPath, ['-p', 'process.pid'], { limitMs: 10_000 });
    write('.breakwater/bootstrap.lock', stdout.trim());
    assert.equal((await bootstrap(['build'])).code, 0);
  });

  it('asks for the lockfile when it is missing', async () => {
    rmSync(join(dir, 'package-lock.json'));
    const { code, stderr } = await bootstrap(['build']);
    assert.equal(code, 1);
    assert.match(stderr, /package-lock\.json is missing/);
  });

  describe('when something is not installed', () => {
    let server: Server | undefined;
    afterEach(() => void server?.close());

    it('says what, and explains an unreachable registry', async () => {
      // A port that was free a moment ago: nobody answers there.
      server = createServer();
      await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as { port: number };
      await new Promise((resolve) => server?.close(resolve));
      write(
        'package.json',
        JSON.stringify({ name: 'r', private: true, dependencies: { 'breakwater-no-such-package': '1.0.0' } }),
      );
      const entry = {
        version: '1.0.0',
        resolved: `http://127.0.0.1:${port}/x.tgz`,
        integrity: `sha512-${'A'.repeat(86)}==`,
      };
      write(
        'package-lock.json',
        JSON.stringify({
          name: 'r',
          lockfileVersion: 3,
          packages: {
            '': { name: 'r', dependencies: { 'breakwater-no-such-package': '1.0.0' } },
            'node_modules/breakwater-no-such-package': entry,
          },
        }),
      );
      write('.npmrc', `registry=http://127.0.0.1:${port}/\nfetch-retries=0\nignore-scripts=true\n`);
      const { code, stderr } = await bootstrap(['build'], {
        npm_config_registry: `http://127.0.0.1:${port}/`,
        npm_config_cache: join(dir, 'cache'),
      });
      assert.equal(code, 1);
      assert.match(stderr, /npm ci' \(node_modules\/breakwater-no-such-package is missing\)/);
      assert.match(stderr, /'npm ci' failed: the package registry is not reachable/);
    });

    it('does not mind optional packages of other platforms', async () => {
      write(
        'package-lock.json',
        JSON.stringify({
          name: 'r',
          lockfileVersion: 3,
          packages: { '': { name: 'r' }, 'node_modules/other-platform': { version: '1.0.0', optional: true } },
        }),
      );
      assert.equal((await bootstrap(['build'])).code, 0);
    });
  });
});
