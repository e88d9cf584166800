import assert from 'node:assert/strict';
import { completeLockfile, type Lockfile, lockfileProblems, platformOf } from './lockfile.js';

const LOCK: Lockfile = {
  packages: {
    '': { devDependencies: { tool: '^1.0.0' } },
    'node_modules/tool': {
      version: '1.0.0',
      dev: true,
      dependencies: { inner: '1' },
      optionalDependencies: { '@tool/linux-x64': '1.0.0', '@tool/darwin-arm64': '1.0.0' },
    },
    'node_modules/@tool/linux-x64': { version: '1.0.0', dev: true },
    'node_modules/tool/node_modules/inner': { version: '1.2.0', dependencies: { outer: '2' } },
    'node_modules/outer': { version: '2.0.0' },
  },
};

describe('the lockfile', () => {
  it('lacks an optional package of another platform', () => {
    assert.deepEqual(
      lockfileProblems(LOCK).map(({ detail }) => detail),
      ["@tool/darwin-arm64, which node_modules/tool needs on other platforms, is missing: run 'npm run lint -- --fix'"],
    );
  });

  it('is whole once completed, and nothing that was there changes', () => {
    const whole = completeLockfile(LOCK);
    assert.deepEqual(lockfileProblems(whole), []);
    assert.deepEqual(whole.packages['node_modules/@tool/darwin-arm64'], {
      version: '1.0.0',
      dev: true,
      optional: true,
      os: ['darwin'],
      cpu: ['arm64'],
    });
    for (const [path, entry] of Object.entries(LOCK.packages)) assert.deepEqual(whole.packages[path], entry);
  });

  it('is not completed with packages that are not optional', () => {
    const lock = { packages: { '': { dependencies: { 'gone-linux-x64': '1.0.0' } } } };
    assert.deepEqual(completeLockfile(lock), lock);
    assert.match(lockfileProblems(lock)[0]?.detail ?? '', /gone-linux-x64, which package\.json needs, is missing/);
  });

  it('names no registry', () => {
    const lock = {
      packages: {
        '': {},
        'node_modules/a': { version: '1.0.0', resolved: 'https://registry.invalid/a.tgz' },
        'node_modules/b': { resolved: 'packages/b', link: true },
      },
    };
    assert.deepEqual(
      lockfileProblems(lock).map(({ detail }) => detail),
      ['node_modules/a names a registry address: install with the .npmrc of this repo'],
    );
  });
});

describe('platformOf', () => {
  it('reads system, processor and C library from the name', () => {
    assert.deepEqual(platformOf('@x/binding-linux-arm-gnueabihf'), { os: ['linux'], cpu: ['arm'], libc: ['glibc'] });
    assert.deepEqual(platformOf('@x/cli-linux-x64-musl'), { os: ['linux'], cpu: ['x64'], libc: ['musl'] });
    assert.deepEqual(platformOf('@x/buf-linux-armv7'), { os: ['linux'], cpu: ['arm'] });
    assert.deepEqual(platformOf('@x/win32-arm64'), { os: ['win32'], cpu: ['arm64'] });
    assert.equal(platformOf('left-pad'), undefined);
  });
});
