import assert from 'node:assert/strict';
import { ConfigError } from '@breakwater/core';
import { clientLimits, DEFAULT_CLIENT_LIMITS, DEFAULT_SERVER_LIMITS, serverLimits } from './limits.js';

const INFINITE = Number.POSITIVE_INFINITY;
const BYTES = { legal: [0, 1, 2 ** 31 - 1], illegal: [-1, 1.5, 2 ** 31, INFINITE, Number.NaN, '5'] };
const HEADER = { legal: [1024, 16 * 1024 * 1024], illegal: [1023, 16 * 1024 * 1024 + 1, 2000.5, INFINITE, Number.NaN] };
const AGE = { legal: [1000, 1000.5, INFINITE], illegal: [999, -1, Number.NaN, '1s'] };
const ANSWER = { legal: [100, 24 * 60 * 60 * 1000], illegal: [99, 24 * 60 * 60 * 1000 + 1, INFINITE, Number.NaN] };

type Range = { readonly legal: readonly unknown[]; readonly illegal: readonly unknown[] };

const CLIENT: Readonly<Record<keyof typeof DEFAULT_CLIENT_LIMITS, Range>> = {
  maxReceiveMessageBytes: BYTES,
  maxSendMessageBytes: BYTES,
  maxHeaderBytes: HEADER,
  keepaliveTimeMs: { legal: [10_000, INFINITE], illegal: [9_999, Number.NaN, null] },
  keepaliveTimeoutMs: ANSWER,
  compression: { legal: ['identity', 'gzip', 'deflate'], illegal: ['brotli', '', 1] },
};

const SERVER: Readonly<Record<keyof typeof DEFAULT_SERVER_LIMITS, Range>> = {
  maxReceiveMessageBytes: BYTES,
  maxSendMessageBytes: BYTES,
  maxHeaderBytes: HEADER,
  maxConcurrentStreams: { legal: [1, 2 ** 31 - 1], illegal: [0, 2 ** 31, 1.5, Number.NaN] },
  maxConnectionAgeMs: AGE,
  maxConnectionAgeGraceMs: { legal: [0, 5, INFINITE], illegal: [-1, Number.NaN, '1'] },
  maxConnectionIdleMs: AGE,
  keepaliveTimeMs: { legal: [1000, INFINITE], illegal: [999, Number.NaN] },
  keepaliveTimeoutMs: ANSWER,
};

/** @param base what an option needs beside itself to be legal */
function describeRanges(
  of: (given: object, field: string) => object,
  ranges: Readonly<Record<string, Range>>,
  base: object,
): void {
  for (const [option, { legal, illegal }] of Object.entries(ranges)) {
    it(`takes ${option} in its range only, and names it`, () => {
      for (const value of legal) {
        assert.equal((of({ ...base, [option]: value }, 'client.limits') as Record<string, unknown>)[option], value);
      }
      for (const value of illegal) {
        assert.throws(
          () => of({ ...base, [option]: value }, 'client.limits'),
          (error) =>
            error instanceof ConfigError &&
            error.field === `client.limits.${option}` &&
            error.message.includes('must be'),
          `${option} = ${String(value)}`,
        );
      }
    });
  }

  it('refuses an option that it does not know, and offers the nearest', () => {
    assert.throws(() => of({ maxHeaderByte: 5000 }, 'limits'), /limits\.maxHeaderByte.*did you mean "maxHeaderBytes"/);
  });
}

describe('limits of a client', () => {
  describeRanges(clientLimits, CLIENT, {});

  it('have defaults, and cannot be changed afterwards', () => {
    assert.deepEqual(clientLimits(), DEFAULT_CLIENT_LIMITS);
    assert.ok(Object.isFrozen(clientLimits({ maxHeaderBytes: 2048 })));
  });
});

describe('limits of a server', () => {
  describeRanges(serverLimits, SERVER, { maxConnectionAgeMs: 60_000 });

  it('have defaults, and cannot be changed afterwards', () => {
    assert.deepEqual(serverLimits(), DEFAULT_SERVER_LIMITS);
    assert.ok(Object.isFrozen(serverLimits({ maxHeaderBytes: 2048 })));
  });

  it('refuse a grace for connections that never grow old', () => {
    assert.throws(
      () => serverLimits({ maxConnectionAgeGraceMs: 5 }, 'server.limits'),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.field, 'server.limits.maxConnectionAgeGraceMs');
        assert.match(error.message, /without server\.limits\.maxConnectionAgeMs/);
        return true;
      },
    );
  });
});
