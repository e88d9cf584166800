import assert from 'node:assert/strict';
import {
  contentProblems,
  dependencyProblems,
  importableSpecifiers,
  manifestProblems,
  type PublishedManifest,
} from './package-rules.js';

const COMMON = { version: '1.2.3', license: 'Apache-2.0', node: '>=20.19' };
const GOOD: PublishedManifest = {
  name: '@breakwater/a',
  version: '1.2.3',
  description: 'Does one thing, and does it well',
  license: 'Apache-2.0',
  type: 'module',
  sideEffects: false,
  engines: { node: '>=20.19' },
  types: './dist/index.d.ts',
  exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' }, './package.json': './package.json' },
  dependencies: { '@breakwater/core': '1.2.3' },
  publishConfig: { access: 'public' },
};
const FILES = ['LICENSE', 'README.md', 'package.json', 'dist/index.js', 'dist/index.d.ts'];

describe('manifestProblems', () => {
  it('has nothing to say about a good manifest', () => assert.deepEqual(manifestProblems(GOOD, COMMON), []));

  const BAD: readonly (readonly [string, Partial<PublishedManifest>, RegExp])[] = [
    ['a version out of step', { version: '1.2.4' }, /version is "1.2.4", not "1.2.3"/],
    ['another license', { license: 'MIT' }, /license/],
    ['no engines', { engines: {} }, /engines\.node is undefined/],
    ['no exports', { exports: {} }, /no "\."/],
    [
      'types after default',
      { exports: { ...GOOD.exports, './x': { default: 'x', types: 'y' } } },
      /"\.\/x" has not the conditions/,
    ],
    ['a sibling by range', { dependencies: { '@breakwater/core': '^1.2.3' } }, /dependencies @breakwater\/core/],
    ['a script at install', { scripts: { postinstall: 'x' } }, /scripts\.postinstall/],
    ['a private publication', { publishConfig: {} }, /publishConfig/],
  ];
  for (const [what, change, message] of BAD)
    it(`finds ${what}`, () => {
      const problems = manifestProblems({ ...GOOD, ...change }, COMMON);
      assert.match(problems.join('\n'), message);
    });
});

describe('contentProblems', () => {
  it('has nothing to say about a good tarball', () => assert.deepEqual(contentProblems(GOOD, FILES), []));

  it('finds tests, build state and test data', () => {
    const superfluous = ['dist/a.test.js', 'dist/a.itest.d.ts', 'dist/.tsbuildinfo', 'dist/x/testdata/a.js'];
    assert.equal(contentProblems(GOOD, [...FILES, ...superfluous]).length, superfluous.length);
  });

  it('finds files that are promised but missing, also behind a pattern', () => {
    assert.deepEqual(contentProblems(GOOD, FILES.slice(1, 4)), [
      'dist/index.d.ts is promised, but not published',
      'LICENSE is missing',
    ]);
    const pattern = {
      ...GOOD,
      exports: { ...GOOD.exports, './*': { types: './dist/gen/*/i.d.ts', default: './dist/gen/*/i.js' } },
    };
    assert.equal(
      contentProblems(pattern, [...FILES, 'dist/gen/b/i.js']).join(),
      'dist/gen/*/i.d.ts is promised, but not published',
    );
  });
});

describe('dependencyProblems', () => {
  it('finds an import without dependency, and a dependency without use', () => {
    const sources = new Map([['dist/index.js', "import 'node:fs';\nimport './b.js';\nimport x from 'pino/file';"]]);
    assert.deepEqual(dependencyProblems(GOOD, sources), [
      'dist/index.js:3 imports pino, which is no dependency',
      '@breakwater/core is a dependency, but nothing published mentions it',
    ]);
  });

  it('counts the peer of a dependency as use', () => {
    assert.deepEqual(dependencyProblems(GOOD, new Map(), new Set(['@breakwater/core'])), []);
  });

  it('counts a name that is resolved, not imported, as use', () => {
    const sources = new Map([['dist/index.js', "require.resolve('@breakwater/core/package.json')"]]);
    assert.deepEqual(dependencyProblems(GOOD, sources), []);
  });
});

describe('importableSpecifiers', () => {
  it('fills in patterns from the files', () => {
    const exports = { ...GOOD.exports, './*': { types: './dist/gen/*/i.d.ts', default: './dist/gen/*/i.js' } };
    assert.deepEqual(
      importableSpecifiers({ ...GOOD, exports }, [...FILES, 'dist/gen/a/v1/i.js', 'dist/gen/a/v1/i.d.ts']),
      ['@breakwater/a', '@breakwater/a/a/v1'],
    );
  });
});
