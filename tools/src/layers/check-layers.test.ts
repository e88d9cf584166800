import assert from 'node:assert/strict';
import type { Manifest, Workspace } from '../repo.js';
import { checkLayers, type SourceFile } from './check-layers.js';
import { findCycles } from './cycles.js';

const workspace = (dir: string, manifest: Partial<Manifest> = {}, references: readonly string[] = []): Workspace => ({
  dir,
  manifest: { name: `@breakwater/${dir.split('/').at(-1)}`, exports: { '.': {} }, ...manifest },
  references,
});
const CORE = workspace('packages/core', { exports: { '.': {}, './testing': {} } });
const RPC = workspace('packages/rpc', { dependencies: { '@breakwater/core': '1' } }, ['packages/core']);
const importsCore: SourceFile = {
  path: 'packages/rpc/src/uses-core.ts',
  text: `import { x } from '@breakwater/core';`,
};

/** The failures, as `where detail`. */
const check = (workspaces: readonly Workspace[], ...files: readonly SourceFile[]): readonly string[] =>
  checkLayers(workspaces, files, ['mocha', 'fast-check', '@types/node']).map(
    ({ where, detail }) => `${where} ${detail}`,
  );
const source = (path: string, ...lines: readonly string[]): SourceFile => ({ path, text: lines.join('\n') });

describe('checkLayers', () => {
  it('accepts what the table, package.json and tsconfig.json agree on', () => {
    assert.deepEqual(
      check(
        [CORE, RPC],
        importsCore,
        source('packages/rpc/src/a.ts', `import './b.js';`, `import fs from 'node:fs';`),
        source('packages/rpc/src/b.ts'),
      ),
      [],
    );
  });

  it('refuses an import upwards, with file, line and rule', () => {
    const core = workspace('packages/core', { dependencies: { '@breakwater/rpc': '1' } }, ['packages/rpc']);
    const rpc = workspace('packages/rpc');
    assert.deepEqual(check([core, rpc], source('packages/core/src/a.ts', '', `import { x } from '@breakwater/rpc';`)), [
      'packages/core/src/a.ts:2 core may not import rpc (it may import: nothing); see tools/src/layers/rules.ts',
    ]);
  });

  it('refuses an upward type import too: it shapes the published types', () => {
    const core = workspace('packages/core', { dependencies: { '@breakwater/rpc': '1' } }, ['packages/rpc']);
    assert.equal(
      check(
        [core, workspace('packages/rpc')],
        source('packages/core/src/a.ts', `import type { X } from '@breakwater/rpc';`),
      ).length,
      1,
    );
  });

  it('lets a test import a devDependency that product code may not', () => {
    const agent = workspace('packages/agent');
    const consul = workspace('packages/consul', { devDependencies: { '@breakwater/agent': '1' } }, ['packages/agent']);
    assert.deepEqual(
      check([agent, consul], source('packages/consul/src/a.itest.ts', `import '@breakwater/agent';`)),
      [],
    );
    const problems = check([agent, consul], source('packages/consul/src/a.ts', `import '@breakwater/agent';`));
    assert.match(problems.join('\n'), /consul may not import agent/);
    assert.match(problems.join('\n'), /does not declare as a dependency/);
  });

  it('refuses grpc-js outside its package, and paths inside it everywhere', () => {
    const service = workspace('packages/service', { dependencies: { '@grpc/grpc-js': '1' } });
    const grpc = workspace('packages/grpc', { peerDependencies: { '@grpc/grpc-js': '1' } });
    assert.match(
      check([service], source('packages/service/src/a.ts', `import '@grpc/grpc-js';`)).join(),
      /a\.ts:1 only grpc may import @grpc\/grpc-js/,
    );
    assert.deepEqual(check([grpc], source('packages/grpc/src/a.ts', `import '@grpc/grpc-js';`)), []);
    assert.match(
      check([grpc], source('packages/grpc/src/a.ts', `import '@grpc/grpc-js/build/src/call.js';`)).join(),
      /deep imports of @grpc\/grpc-js/,
    );
  });

  it("allows one file to use grpc-js's experimental interface", () => {
    const grpc = workspace('packages/grpc', { peerDependencies: { '@grpc/grpc-js': '1' } });
    const user = (path: string): SourceFile => source(path, `import { experimental } from '@grpc/grpc-js';`);
    assert.deepEqual(
      check(
        [grpc],
        user('packages/grpc/src/a.ts'),
        source('packages/grpc/src/c.ts', `// experimental`, `import { status } from '@grpc/grpc-js';`),
      ),
      [],
    );
    assert.deepEqual(check([grpc], user('packages/grpc/src/a.ts'), user('packages/grpc/src/b.ts')), [
      "packages/grpc/src/b.ts:1 uses @grpc/grpc-js's 'experimental' interface, which packages/grpc/src/a.ts already does: only one file may",
    ]);
  });

  it('refuses imports past the exports of a package', () => {
    const file = (specifier: string): SourceFile => source('packages/rpc/src/a.ts', `import '${specifier}';`);
    assert.deepEqual(check([CORE, RPC], file('@breakwater/core/testing')), []);
    assert.match(check([CORE, RPC], file('@breakwater/core/dist/call.js')).join(), /deep imports are not allowed/);
    assert.match(check([CORE, RPC], importsCore, file('@breakwater/cores')).join(), /no package of this repo/);
  });

  it('understands exports with a star', () => {
    const contracts = workspace('packages/contracts', {
      exports: { './shop/*': './dist/gen/shop/*/index.js', './*': './dist/gen/*.js' },
    });
    const bench = workspace('bench', { name: 'b', dependencies: { '@breakwater/contracts': '1' } }, [
      'packages/contracts',
    ]);
    const from = (path: string): SourceFile => source('bench/src/a.ts', `import '@breakwater/contracts/${path}';`);
    assert.deepEqual(check([contracts, bench], from('shop/payments/v1')), []);
    for (const path of ['dist/gen/shop/index.js', 'src/index.js'])
      assert.equal(check([contracts, bench], from(path)).length, 1);
  });

  it('refuses relative paths that leave the package or its sources, and tests in product code', () => {
    const problems = check(
      [CORE, RPC],
      importsCore,
      source(
        'packages/rpc/src/a.ts',
        `import '../../core/src/call.js';`,
        `import '../bench/x.js';`,
        `import './b.test.js';`,
        `import './c';`,
      ),
    ).join('\n');
    assert.match(problems, /a\.ts:1 '\.\.\/\.\.\/core\/src\/call\.js' leaves packages\/rpc: import/);
    assert.match(problems, /a\.ts:2 '\.\.\/bench\/x\.js' leaves packages\/rpc\/src/);
    assert.match(problems, /a\.ts:3 .*is a test/);
    assert.match(problems, /a\.ts:4 .*does not end in \.js/);
  });

  it('refuses a package that imports itself by name', () => {
    assert.match(
      check([CORE], source('packages/core/src/a.ts', `import '@breakwater/core';`)).join(),
      /imports its own package by name/,
    );
  });

  it('refuses an npm module that is not declared, but lets tests use what the root installs', () => {
    assert.match(
      check([CORE], source('packages/core/src/a.ts', `import 'left-pad/x';`)).join(),
      /imports left-pad, which packages\/core\/package\.json does not declare/,
    );
    assert.match(check([CORE], source('packages/core/src/a.ts', `import 'fast-check';`)).join(), /imports fast-check/);
    assert.deepEqual(check([CORE], source('packages/core/src/a.test.ts', `import 'fast-check';`)), []);
  });

  it('finds a cycle of value imports and prints its way', () => {
    const files = [
      source('packages/core/src/a.ts', `import './b.js';`),
      source('packages/core/src/b.ts', `export * from './c.js';`),
      source('packages/core/src/c.ts', `import { a } from './a.js';`),
    ];
    assert.deepEqual(check([CORE], ...files), [
      'packages/core/src/a.ts import cycle: packages/core/src/a.ts -> packages/core/src/b.ts -> packages/core/src/c.ts -> packages/core/src/a.ts',
    ]);
  });

  it('lets types refer to each other', () => {
    assert.deepEqual(
      check(
        [CORE],
        source('packages/core/src/a.ts', `import type { B } from './b.js';`),
        source('packages/core/src/b.ts', `import { a } from './a.js';`),
      ),
      [],
    );
  });

  it('holds package.json and tsconfig.json against each other and against the sources', () => {
    const declaredOnly = workspace('packages/rpc', { dependencies: { '@breakwater/core': '1' } });
    const problems = check([CORE, declaredOnly]).join('\n');
    assert.match(problems, /packages\/rpc\/tsconfig\.json does not reference packages\/core, although/);
    assert.match(problems, /packages\/rpc\/package\.json declares what no source file names: @breakwater\/core/);
    assert.match(
      check([CORE, workspace('packages/rpc', {}, ['packages/core'])]).join(),
      /references packages\/core, but package\.json does not declare/,
    );
    assert.match(
      check([CORE, declaredOnly], importsCore).join(),
      /uses-core\.ts:1 imports @breakwater\/core, but packages\/rpc\/tsconfig\.json does not reference/,
    );
  });

  it('asks for a rule when a package is new', () => {
    assert.match(check([workspace('packages/saga')]).join(), /say in tools\/src\/layers\/rules\.ts/);
  });
});

describe('findCycles', () => {
  it('reports each knot once, by its shortest way', () => {
    const graph = new Map([
      ['a', ['b', 'c']],
      ['b', ['a']],
      ['c', ['d']],
      ['d', ['a']],
      ['e', ['e']],
      ['f', ['a', 'outside']],
    ]);
    assert.deepEqual(findCycles(graph), [['a', 'b'], ['e']]);
  });
});
