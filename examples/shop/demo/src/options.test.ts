import assert from 'node:assert/strict';
import { UsageError } from '@breakwater-examples/shop-common';
import { parseDemoOptions } from './options.js';
import { PHASES } from './phases.js';

describe('demo options', () => {
  it('has defaults for everything', () => {
    assert.deepEqual(parseDemoOptions([], {}), {
      durationMs: 45_000,
      rate: 20,
      json: false,
      keep: false,
      dedupe: true,
      consul: undefined,
    });
  });

  it('takes the registry from the environment, where one is named', () => {
    assert.equal(parseDemoOptions([], { CONSUL_HTTP_ADDR: '127.0.0.1:8500' }).consul, '127.0.0.1:8500');
    assert.equal(parseDemoOptions([], { CONSUL_HTTP_ADDR: '' }).consul, undefined);
  });

  it('refuses a timeline too short to show anything, and unknown options', () => {
    assert.throws(
      () => parseDemoOptions(['--duration', '5'], {}),
      (error) => error instanceof UsageError && /from 10 to 3600/.test(error.message),
    );
    assert.throws(() => parseDemoOptions(['--durration', '15'], {}), /did you mean --duration/);
  });
});

describe('phases', () => {
  it('fill the timeline', () => {
    assert.ok(Math.abs(PHASES.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9);
  });
});
