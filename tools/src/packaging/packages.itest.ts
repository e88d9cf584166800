import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../child-process.js';
import { snippets } from '../checks/snippets.js';
import { ROOT } from '../repo.js';
import { type LocalRegistry, serveTarballs } from './local-registry.js';
import { type Packed, packAll } from './pack.js';
import {
  type Common,
  contentProblems,
  dependencyProblems,
  importableSpecifiers,
  manifestProblems,
  type PublishedManifest,
} from './package-rules.js';
import { codeBlocks, showsAs, visibleLines } from './tutorial.js';

const LIMIT_MS = 120_000;
const readJson = (path: string): unknown => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));

describe('the packages as they would be published', function () {
  this.timeout(2 * LIMIT_MS);
  let dir = '';
  let app = '';
  let packed: readonly Packed[] = [];
  let registry: LocalRegistry;

  const inApp = async (file: string, ...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(file, args, {
      cwd: app,
      limitMs: LIMIT_MS,
      env: { ...process.env, ...registry.env, npm_config_prefer_offline: 'true', npm_config_update_notifier: 'false' },
    });
    assert.equal(code, 0, `${file} ${args.join(' ')} ends with ${code}:\n${stdout}${stderr}`);
    return stdout;
  };
  const manifestOf = ({ dir: at }: Packed): PublishedManifest => readJson(`${at}/package.json`) as PublishedManifest;
  /** One problem per line, each with its package. */
  const everywhere = (find: (one: Packed, manifest: PublishedManifest) => readonly string[]): string =>
    packed.flatMap((one) => find(one, manifestOf(one)).map((problem) => `${one.dir}: ${problem}`)).join('\n');
  const installed = (one: Packed, path: string): string =>
    readFileSync(join(app, 'node_modules', one.manifest.name, path), 'utf8');

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'breakwater-packages-'));
    app = join(dir, 'app');
    mkdirSync(app);
    packed = await packAll(dir);
    registry = await serveTarballs(packed);
    await inApp('npm', 'init', '-y');
    await inApp('npm', 'install', '--no-audit', '--no-fund', ...packed.map(({ manifest }) => manifest.name));
    // What a user of TypeScript has; ours, so that nothing more is downloaded.
    for (const module of [
      'typescript',
      '@typescript',
      '@types/node',
      '@types/mocha',
      'undici-types',
      'fast-check',
      'pure-rand',
    ])
      cpSync(join(ROOT, 'node_modules', module), join(app, 'node_modules', module), {
        recursive: true,
        force: false,
        errorOnExist: false,
      });
  });

  after(async () => {
    await registry?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('have manifests in step with each other and with the repo', () => {
    const root = readJson('package.json') as { license: string; engines: { node: string } };
    const { version } = readJson('lerna.json') as { version: string };
    const common: Common = { version, license: root.license, node: root.engines.node };
    assert.equal(
      everywhere((_, manifest) => manifestProblems(manifest, common)),
      '',
    );
  });

  it('hold what their manifests promise, README and license, and nothing of our tests', () => {
    assert.equal(
      everywhere(({ files }, manifest) => contentProblems(manifest, files)),
      '',
    );
    const license = readFileSync(join(ROOT, 'LICENSE'), 'utf8');
    assert.equal(
      everywhere((one) => (installed(one, 'LICENSE') === license ? [] : ['LICENSE differs from that of the repo'])),
      '',
    );
  });

  it('declare every module that they import, and use every one that they declare', () => {
    const problems = everywhere((one, manifest) => {
      const code = one.files.filter((file) => /\.(?:js|d\.ts)$/.test(file));
      const siblings = packed
        .filter(({ manifest: { name } }) => manifest.dependencies?.[name] !== undefined)
        .map(manifestOf);
      const peers = new Set(siblings.flatMap(({ peerDependencies }) => Object.keys(peerDependencies ?? {})));
      return dependencyProblems(manifest, new Map(code.map((file) => [file, installed(one, file)])), peers);
    });
    assert.equal(problems, '');
  });

  it('refer in their source maps to sources that are published too', () => {
    const problems = everywhere((one) => {
      const present = new Set(one.files);
      return one.files
        .filter((file) => file.endsWith('.map'))
        .flatMap((file) => {
          const { sources } = JSON.parse(installed(one, file)) as { readonly sources: readonly string[] };
          const base = new URL(file, 'file:///');
          return sources
            .filter((source) => !present.has(new URL(source, base).pathname.slice(1)))
            .map((source) => `${file} refers to ${source}`);
        });
    });
    assert.equal(problems, '');
  });

  it('share one copy of grpc-js', () => {
    const copies: string[] = [];
    const visit = (modules: string): void => {
      for (const entry of readdirSync(modules, { withFileTypes: true })) {
        if (!entry.isDirectory()) continue;
        const at = join(modules, entry.name);
        if (entry.name === 'grpc-js' && modules.endsWith('@grpc')) copies.push(at);
        if (entry.name.startsWith('@')) visit(at);
        else if (readdirSync(at).includes('node_modules')) visit(join(at, 'node_modules'));
      }
    };
    visit(join(app, 'node_modules'));
    assert.deepEqual(copies, [join(app, 'node_modules/@grpc/grpc-js')]);
  });

  it('resolve at run time under every name that they export', async () => {
    const names = packed.flatMap((one) => importableSpecifiers(manifestOf(one), one.files));
    assert.ok(
      names.includes('@breakwater/core/testing') && names.includes('@breakwater/contracts/shop/payments/v1'),
      names.join(' '),
    );
    const script = `for (const name of ${JSON.stringify(names)}) { const module = await import(name); if (Object.keys(module).length === 0) throw new Error(name + ' exports nothing'); console.log(name); }`;
    assert.deepEqual(
      (await inApp(process.execPath, '--input-type=module', '--eval', script)).trim().split('\n'),
      names,
    );
  });

  it('compile in a strict project of NodeNext, with their declarations checked too', async () => {
    const names = packed.flatMap((one) => importableSpecifiers(manifestOf(one), one.files));
    const text = names
      .map((name, i) => `import * as m${i} from '${name}';\nexport const k${i}: number = Object.keys(m${i}).length;\n`)
      .join('');
    await compile('names', new Map([['names.mts', text]]), { skipLibCheck: false });
  });

  it('have READMEs whose snippets compile against what is installed', async () => {
    const files = new Map<string, string>();
    for (const one of packed)
      for (const { line, text } of snippets(installed(one, 'README.md')))
        files.set(`${one.dir.replaceAll('/', '-')}-${line}.mts`, `${text}\nexport {};\n`);
    assert.ok(files.size >= packed.length, `${files.size} snippets in ${packed.length} READMEs`);
    await compile('snippets', files, { skipLibCheck: true, noUnusedLocals: false });
  });

  it('have quick starts in their READMEs that print what these show', async () => {
    const found: string[] = [];
    for (const one of packed) {
      const blocks = codeBlocks(installed(one, 'README.md').split('\n'));
      for (const [i, { attributes, text }] of blocks.entries()) {
        const name = attributes.get('title');
        if (name?.startsWith('quick-start') !== true) continue;
        found.push(one.manifest.name);
        const folder = `${one.dir.replaceAll('/', '-')}-${i}`;
        await compile(folder, new Map([[name, text]]), { skipLibCheck: true, noEmit: false });
        const printed = visibleLines(await inApp(process.execPath, join(app, folder, name.replace(/\.mts$/, '.mjs'))));
        const shown = visibleLines(blocks[i + 1]?.text ?? '');
        assert.ok(
          printed.length === shown.length && shown.every((line, at) => showsAs(line, printed[at] as string)),
          `${one.dir}/README.md shows\n${shown.join('\n')}\nbut this is printed\n${printed.join('\n')}`,
        );
      }
    }
    for (const name of ['@breakwater/rpc', '@breakwater/service', '@breakwater/testing'])
      assert.ok(found.includes(name), `the README of ${name} has no block with title="quick-start.mts"`);
  });

  it('bring the command breakwater', async () => {
    const { version } = readJson('lerna.json') as { version: string };
    assert.equal((await inApp('npx', '--no-install', 'breakwater', '--version')).trim(), version);
    assert.match(await inApp('npx', '--no-install', 'breakwater', '--help'), /generate/);
  });

  async function compile(folder: string, files: ReadonlyMap<string, string>, options: object): Promise<void> {
    mkdirSync(join(app, folder));
    for (const [name, text] of files) writeFileSync(join(app, folder, name), text);
    const compilerOptions = {
      target: 'es2023',
      lib: ['es2023'],
      module: 'nodenext',
      types: ['node', 'mocha'],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noEmit: true,
      ...options,
    };
    writeFileSync(join(app, folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.mts'] }));
    await inApp(process.execPath, join(app, 'node_modules/typescript/bin/tsc'), '-p', folder, '--pretty', 'false');
  }
});
