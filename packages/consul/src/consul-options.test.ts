import assert from 'node:assert/strict';
import { ConfigError } from '@breakwater/core';
import { parseTarget } from '@breakwater/discovery';
import { resolveOptions, type ConsulOptions } from './consul-options.js';
import { consul } from './index.js';

const refused = (message: RegExp) => (error: unknown) => error instanceof ConfigError && message.test(error.message);

describe('the options of consul()', () => {
  it('have the documented defaults', () => {
    const { runtime: _, ...settings } = resolveOptions({});
    assert.deepEqual(settings, {
      address: { secure: false, host: '127.0.0.1', port: 8500, text: '127.0.0.1:8500' },
      ...{
        token: undefined,
        dc: undefined,
        tls: undefined,
        consistency: 'stale',
        maxStalenessMs: 10_000,
        waitMs: 60_000,
      },
      ...{
        requestTimeoutMs: 5_000,
        maxBackoffMs: 15_000,
        check: { kind: 'ttl', ttlMs: 15_000 },
        deregisterCriticalAfterMs: 60_000,
      },
      ...{ failAfterMs: undefined, deregisterTimeoutMs: 3_000, suspectTtlMs: 60_000 },
    });
    assert.deepEqual(resolveOptions({ grpcCheck: {} }).check, {
      kind: 'grpc',
      service: '',
      tls: false,
      intervalMs: 5_000,
      timeoutMs: 2_000,
    });
  });

  const wrong: readonly (readonly [ConsulOptions, RegExp])[] = [
    [
      { deregisterCriticalAfterMs: 59_999 },
      /consul\.deregisterCriticalAfterMs is 59999, but must be a number from 60000/,
    ],
    [{ consistency: 'stael' as never }, /consul\.consistency is "stael".*did you mean stale/],
    [{ waitMs: 600_001 }, /consul\.waitMs is 600001/],
    [{ waitMs: Number.NaN }, /consul\.waitMs is NaN/],
    [{ requestTimeoutMs: 0 }, /consul\.requestTimeoutMs/],
    [{ maxStalenessMs: 1 }, /consul\.maxStalenessMs/],
    [{ suspectTtlMs: -1 }, /consul\.suspectTtlMs/],
    [{ failAfterMs: -1 }, /consul\.failAfterMs is -1/],
    [{ heartbeat: { ttlMs: 999 } }, /consul\.heartbeat\.ttlMs is 999/],
    [{ heartbeat: { ttl: 5 } as never }, /unknown option consul\.heartbeat\.ttl; did you mean "ttlMs"/],
    [{ heartbeat: {}, grpcCheck: {} }, /exclude each other/],
    [{ grpcCheck: { intervalMs: 1 } }, /consul\.grpcCheck\.intervalMs is 1/],
    [{ adress: 'x' } as never, /unknown option consul\.adress; did you mean "address"/],
    [{ address: 'nowhere:0' }, /consul\.address/],
    [{ token: '' }, /consul\.token/],
    [{ tls: {} }, /consul\.tls is given, but consul\.address is not an https/],
    [{ address: 'https://x', tls: { cert: 'a' } }, /belong together/],
  ];
  for (const [options, message] of wrong) {
    it(`refuse ${JSON.stringify(options)}`, () => assert.throws(() => consul(options), refused(message)));
  }
});

describe('targets of consul()', () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['consul:///a?tga=x', /unknown parameter tga; did you mean tag/],
    ['consul:///a?tag=x&tag=y', /tag is given twice/],
    ['consul:///a?tag=', /parameter tag is empty/],
    ['consul:///a?passing=maybe', /target "consul:.*": passing is "maybe"/],
    ['consul:///a/b', /has no slash/],
    ['consul://nowhere:0/a', /target/],
  ];
  for (const [uri, message] of wrong) {
    it(`refuse ${uri}`, async () => {
      const registry = consul();
      assert.throws(() => registry.watch(parseTarget(uri)), refused(message));
      await registry.close();
    });
  }
});
