import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from '../repo.js';
import { ambientEscapes, isAmbient, oxlint } from './oxlint.js';

const BAD = [
  `import { setTimeout as sleep } from 'node:timers/promises';`,
  `export const now = Date.now();`,
  `export const p = performance.now();`,
  `export const r = Math.random();`,
  `export const { random } = Math;`,
  `export const e = process.env['X'];`,
  `export const { env } = process;`,
  `export const g = globalThis.setTimeout;`,
  `setTimeout(() => {}, 1);`,
  `setInterval(() => {}, 1);`,
  `setImmediate(() => {});`,
  `console.log(sleep);`,
];
const GOOD = [
  `export const a = (clock: { setTimeout(): void }): void => clock.setTimeout();`,
  `export const b = (setTimeout: () => void): void => setTimeout();`,
  `export const c = (at: Date): Date => at;`,
  `export const text = 'Date.now() and console.log';`,
];

describe('the ambient ban', () => {
  let dir = '';
  const lint = async (files: Readonly<Record<string, readonly string[]>>): Promise<readonly string[]> => {
    for (const [path, lines] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), `${lines.join('\n')}\n`);
    }
    const findings = await oxlint(Object.keys(files), { cwd: dir });
    return findings.filter(isAmbient).map(({ where }) => where.split(':').slice(0, 2).join(':'));
  };
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'breakwater-ambient-'));
    copyFileSync(join(ROOT, '.oxlintrc.json'), join(dir, '.oxlintrc.json'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('finds every way to time, chance, environment and console in a package', async () => {
    const places = await lint({ 'packages/core/src/bad.ts': BAD });
    assert.deepEqual([...new Set(places)].sort(), BAD.map((_, i) => `packages/core/src/bad.ts:${i + 1}`).sort());
  });

  it('lets injected clocks, parameters of the same name and types pass', async () => {
    assert.deepEqual(await lint({ 'packages/core/src/good.ts': GOOD }), []);
  });

  it('leaves system files, composition roots and integration tests alone', async () => {
    const paths = [
      'packages/core/src/system-clock.ts',
      'packages/agent/src/main.ts',
      'packages/service/src/a.ts',
      'packages/cli/src/a.ts',
      'packages/consul/src/a.itest.ts',
      'tools/src/a.ts',
      'examples/shop/bank/src/a.ts',
      'bench/src/a.ts',
    ];
    assert.deepEqual(await lint(Object.fromEntries(paths.map((path) => [path, BAD]))), []);
  });

  it('lets unit tests read the environment, but not the wall clock', async () => {
    const places = await lint({
      'packages/core/src/a.test.ts': [`export const e = process.env['X'];`, `setTimeout(() => {}, 1);`],
    });
    assert.deepEqual(places, ['packages/core/src/a.test.ts:2']);
  });

  it('cannot be switched off by a comment', () => {
    assert.equal(ambientEscapes('a.ts', '// oxlint-disable-next-line no-restricted-globals -- just once').length, 1);
    assert.equal(ambientEscapes('a.ts', '/* eslint-disable */').length, 1);
    assert.deepEqual(
      ambientEscapes('a.ts', '// oxlint-disable-next-line no-explicit-any -- the definition is generic'),
      [],
    );
  });
});
