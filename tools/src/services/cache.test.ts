import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheDir, fillOnce, isExecutable, onPath } from './cache.js';

describe('the server cache', () => {
  let dir = '';
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'breakwater-cache-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('lies where BREAKWATER_CACHE or XDG_CACHE_HOME says, and must be absolute', () => {
    assert.equal(cacheDir({ BREAKWATER_CACHE: '/c' }), '/c/servers');
    assert.equal(cacheDir({ XDG_CACHE_HOME: '/x' }), '/x/breakwater/servers');
    assert.throws(
      () => cacheDir({ BREAKWATER_CACHE: 'here' }),
      /BREAKWATER_CACHE is 'here': it must be an absolute path/,
    );
  });

  it('appears complete or not at all', async () => {
    const target = join(dir, 'server');
    await assert.rejects(
      fillOnce(target, async (stage) => {
        writeFileSync(join(stage, 'half'), '');
        throw new Error('disconnected');
      }),
      /disconnected/,
    );
    assert.deepEqual(readdirSync(dir), []);
    await fillOnce(target, async (stage) => writeFileSync(join(stage, 'whole'), ''));
    assert.deepEqual(readdirSync(dir), ['server']);
  });

  it('keeps the copy of the process that was first', async () => {
    const target = join(dir, 'server');
    await fillOnce(target, async (stage) => {
      mkdirSync(target);
      writeFileSync(join(target, 'who'), 'other');
      writeFileSync(join(stage, 'who'), 'me');
    });
    assert.equal(readFileSync(join(target, 'who'), 'utf8'), 'other');
    assert.deepEqual(readdirSync(dir), ['server']);
  });

  it('finds programs on PATH, but not what npm put there and not what cannot run', () => {
    for (const [folder, mode] of [
      ['node_modules/.bin', 0o755],
      ['plain', 0o644],
      ['bin', 0o755],
    ] as const) {
      mkdirSync(join(dir, folder), { recursive: true });
      writeFileSync(join(dir, folder, 'tool'), '');
      chmodSync(join(dir, folder, 'tool'), mode);
    }
    const PATH = ['node_modules/.bin', 'plain', 'bin'].map((folder) => join(dir, folder)).join(':');
    assert.equal(onPath('tool', { PATH }), join(dir, 'bin/tool'));
    assert.equal(onPath('other', { PATH }), undefined);
    assert.equal(isExecutable(dir), false);
    assert.ok(existsSync(dir));
  });
});
