import assert from 'node:assert/strict';
import { Code, Metadata } from '@breakwater/core';
import fc from 'fast-check';
import { ErrorInfo, RetryInfo } from '../gen/google/rpc/error_details.pb.js';
import { Status as RpcStatus } from '../gen/google/rpc/status.pb.js';
import { decodeStatus, encodeStatus, STATUS_DETAILS_KEY } from './wire-status.js';

const CASES = 100 * (fc.readConfigureGlobal().numRuns ?? 20);

const detail = (typeUrl: string, value: Uint8Array) => ({ typeUrl, value: Buffer.from(value) });

/** A serialized `google.rpc.Status` as a peer could send it, with extreme numbers. */
const sound = fc
  .record({
    code: fc.integer(),
    message: fc.string(),
    seconds: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    nanos: fc.integer(),
    reason: fc.string(),
    inner: fc.uint8Array({ maxLength: 40 }),
  })
  .map(({ code, message, seconds, nanos, reason, inner }) => {
    const info = ErrorInfo.encode(ErrorInfo.fromPartial({ reason, domain: 'x' })).finish();
    const retry = RetryInfo.encode(RetryInfo.fromPartial({ retryDelay: { seconds, nanos } })).finish();
    const details = [
      detail('type.googleapis.com/google.rpc.ErrorInfo', inner.length % 2 === 0 ? info : inner),
      detail('type.googleapis.com/google.rpc.RetryInfo', inner.length % 3 === 0 ? retry : inner),
    ];
    return RpcStatus.encode(RpcStatus.fromPartial({ code, message, details })).finish();
  });

/** Changes some bytes, cuts the end off, adds another. */
const mutated = fc
  .record({
    bytes: sound,
    changes: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
    cut: fc.option(fc.nat(), { freq: 3 }),
    tail: fc.uint8Array({ maxLength: 12 }),
  })
  .map(({ bytes, changes, cut, tail }) => {
    const copy = Buffer.from(bytes);
    for (const [at, value] of changes) if (copy.length > 0) copy[at % copy.length] = value;
    return Buffer.concat([cut === null ? copy : copy.subarray(0, cut % (copy.length + 1)), tail]);
  });

describe('a status from a peer that sends anything', () => {
  it('is always decoded: to a known code, a text, and a delay that is a time or none', () => {
    const codes = new Set<unknown>(Object.values(Code));
    fc.assert(
      fc.property(
        fc.integer(),
        fc.string(),
        fc.oneof(fc.uint8Array({ maxLength: 200 }), sound, mutated),
        fc.option(fc.oneof(fc.string(), fc.integer().map(String)), { nil: undefined }),
        (code, message, bytes, pushback) => {
          const trailers = Metadata.fromEntries([
            [STATUS_DETAILS_KEY, bytes],
            ...(pushback === undefined ? [] : [['grpc-retry-pushback-ms', pushback] as const]),
          ]);
          const status = decodeStatus(code, message, trailers);
          assert.ok(codes.has(status.code), String(status.code));
          assert.equal(status.details, message);
          assert.ok(status.reason === undefined || status.reason !== '');
          const { retryAfterMs } = status;
          assert.ok(
            retryAfterMs === undefined || (Number.isFinite(retryAfterMs) && retryAfterMs >= -1),
            String(retryAfterMs),
          );
          // It can also be passed on.
          encodeStatus(status, Metadata.EMPTY);
        },
      ),
      { numRuns: CASES },
    );
  });
});
