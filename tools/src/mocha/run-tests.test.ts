import assert from 'node:assert/strict';
import { join } from 'node:path';
import { ROOT } from '../repo.js';
import { classifySkips, testEnv } from './run-tests.js';

describe('testEnv', () => {
  it("keeps a user's registry, settings and npm state away from tests", () => {
    const env = testEnv(
      {
        PATH: '/bin',
        CONSUL_HTTP_ADDR: 'x',
        CONSUL_HTTP_TOKEN: 'x',
        BREAKWATER_DEADLINE_MS: '1',
        npm_config_x: '1',
        NODE_OPTIONS: '--x',
      },
      {},
    );
    assert.deepEqual(env, { PATH: '/bin' });
  });

  it('keeps the cache folder and adds the servers', () => {
    assert.deepEqual(testEnv({ BREAKWATER_CACHE: '/c', CONSUL_BIN: '/old' }, { CONSUL_BIN: '/new' }), {
      BREAKWATER_CACHE: '/c',
      CONSUL_BIN: '/new',
    });
  });

  it('keeps calls to this machine out of a proxy', () => {
    const env = testEnv({ http_proxy: 'http://proxy.invalid:1', NO_PROXY: 'corp.invalid' }, {});
    assert.equal(env['no_proxy'], 'corp.invalid,localhost,127.0.0.1,::1');
    assert.equal(env['NO_PROXY'], undefined);
  });
});

describe('classifySkips', () => {
  const skip = (notice?: string): { file: string; title: string; notice?: string } => ({
    file: join(ROOT, 'packages/consul/dist/a.itest.js'),
    title: 'consul › works',
    ...(notice === undefined ? {} : { notice }),
  });

  it('counts tests of an absent optional server apart, with the reason', () => {
    const { absent, skipped } = classifySkips({ skipped: [skip('absent: consul-current, no Go toolchain on PATH')] });
    assert.deepEqual(absent, [
      { where: 'packages/consul/src/a.itest.ts › consul › works', reason: 'consul-current, no Go toolchain on PATH' },
    ]);
    assert.deepEqual(skipped, []);
  });

  it('takes the command to run from the line about a required server', () => {
    const { absent, skipped } = classifySkips({
      skipped: [skip('skipped: consul: run npm test -- --install-servers')],
    });
    assert.equal(skipped[0]?.reason, 'consul: run npm test -- --install-servers');
    assert.deepEqual(absent, []);
  });

  it('does not let a test that skips itself pass for an absent server of its neighbour', () => {
    const { absent, skipped } = classifySkips({ skipped: [skip('absent: consul-current, x'), skip()] });
    assert.equal(absent.length, 1);
    assert.equal(skipped[0]?.reason, 'skipped by the test itself');
  });
});
