import assert from 'node:assert/strict';
import { Code, Metadata, type Status } from '@breakwater/core';
import fc from 'fast-check';
import { RetryInfo } from '../gen/google/rpc/error_details.pb.js';
import { Status as RpcStatus } from '../gen/google/rpc/status.pb.js';
import { decodeStatus, encodeStatus, STATUS_DETAILS_KEY } from './wire-status.js';

const roundTrip = (status: Status): Status => {
  const wire = encodeStatus(status, Metadata.EMPTY);
  return decodeStatus(wire.code, wire.message, wire.trailers);
};

describe('a status on the wire', () => {
  it('keeps code, text, reason, pushback and rich details, and nothing of the cause', () => {
    const codes = Object.values(Code).filter((code): code is Code => typeof code === 'number' && code !== Code.OK);
    fc.assert(
      fc.property(
        fc.record({
          code: fc.constantFrom(...codes),
          details: fc.string(),
          reason: fc.option(fc.stringMatching(/^[A-Z]{1,20}$/), { nil: undefined }),
          retryAfterMs: fc.option(fc.integer({ min: -5, max: 1_000_000 }), { nil: undefined }),
          richDetails: fc.option(
            fc.array(
              fc.record({ typeUrl: fc.constantFrom('type.googleapis.com/a.B', 'x/c.D'), value: fc.uint8Array() }),
            ),
            { nil: undefined },
          ),
        }),
        (given) => {
          const got = roundTrip({ ...given, origin: 'handler', cause: new Error('secret') });
          assert.equal(got.code, given.code);
          assert.equal(got.details, given.details);
          assert.equal(got.reason, given.reason);
          assert.equal(
            got.retryAfterMs,
            given.retryAfterMs === undefined ? undefined : Math.max(-1, given.retryAfterMs),
          );
          assert.equal(got.cause, undefined);
          const own = (got.richDetails ?? []).filter(({ typeUrl }) => !typeUrl.endsWith('ErrorInfo'));
          assert.deepEqual(
            own.map(({ typeUrl, value }) => [typeUrl, [...value]]),
            (given.richDetails ?? []).map(({ typeUrl, value }) => [typeUrl, [...value]]),
          );
        },
      ),
    );
  });

  it('reads RetryInfo where there is no pushback', () => {
    const retry = {
      typeUrl: 'type.googleapis.com/google.rpc.RetryInfo',
      value: Buffer.from(
        RetryInfo.encode(RetryInfo.fromPartial({ retryDelay: { seconds: 1n, nanos: 500_000_000 } })).finish(),
      ),
    };
    const bytes = RpcStatus.encode(RpcStatus.fromPartial({ code: 14, details: [retry] })).finish();
    assert.equal(
      decodeStatus(14, '', Metadata.of({ [STATUS_DETAILS_KEY.replace('grpc-', 'x-')]: bytes })).retryAfterMs,
      undefined,
    );
    assert.equal(decodeStatus(14, '', Metadata.fromEntries([[STATUS_DETAILS_KEY, bytes]])).retryAfterMs, 1500);
    const both = Metadata.fromEntries([
      [STATUS_DETAILS_KEY, bytes],
      ['grpc-retry-pushback-ms', 'soon'],
    ]);
    assert.equal(decodeStatus(14, '', both).retryAfterMs, -1, 'an unreadable pushback means: do not retry');
  });

  it('survives details that are no google.rpc.Status', () => {
    const status = decodeStatus(
      5,
      'gone',
      Metadata.fromEntries([[STATUS_DETAILS_KEY, Buffer.from([0xff, 0xff, 0xff])]]),
    );
    assert.equal(status.code, Code.NOT_FOUND);
    assert.equal(status.richDetails, undefined);
  });

  it('takes a code outside 0..16 for UNKNOWN', () => {
    assert.equal(decodeStatus(99, '', Metadata.EMPTY).code, Code.UNKNOWN);
  });
});
