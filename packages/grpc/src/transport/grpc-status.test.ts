import assert from 'node:assert/strict';
import { Metadata as GrpcMetadata, status } from '@grpc/grpc-js';
import { Code, Metadata } from '@breakwater/core';
import { fromGrpcStatus } from './grpc-status.js';

describe('the end of a call as grpc-js words it', () => {
  it('is a lost connection when the peer exits after its GOAWAY, before and after the response headers', () => {
    const details = 'Received RST_STREAM with code 0 (Call ended without gRPC status)';
    for (const headers of [undefined, Metadata.EMPTY]) {
      const failure = fromGrpcStatus(
        { code: status.INTERNAL, details, metadata: new GrpcMetadata() },
        { peer: '10.0.0.1:5000', sent: 'unknown', headers, expired: false },
      );
      assert.equal(failure.status.code, Code.UNAVAILABLE);
      assert.equal(failure.status.reason, 'CONNECTION_LOST');
      assert.equal(failure.sent, 'unknown');
    }
  });

  it('is a lost connection when the HTTP/2 session was closed with an error', () => {
    const details =
      'Received RST_STREAM with code 2 triggered by internal client error: Session closed with error code 2';
    const failure = fromGrpcStatus(
      { code: status.INTERNAL, details, metadata: new GrpcMetadata() },
      { peer: '10.0.0.1:5000', sent: 'unknown', headers: undefined, expired: false },
    );
    assert.deepEqual([failure.status.code, failure.status.reason], [Code.UNAVAILABLE, 'CONNECTION_LOST']);
    assert.match(failure.status.details, /10\.0\.0\.1:5000.*HTTP\/2 error code 2/);
    assert.equal(failure.sent, 'unknown');
  });

  it('keeps what the application says, whatever its words', () => {
    const metadata = new GrpcMetadata();
    metadata.set('x-sent-by', 'peer');
    const details = 'Session closed with error code 2';
    const failure = fromGrpcStatus(
      { code: status.INTERNAL, details, metadata },
      { peer: '10.0.0.1:5000', sent: 'unknown', headers: undefined, expired: false },
    );
    assert.equal(failure.status.code, Code.INTERNAL);
  });

  it('is DEADLINE_EXCEEDED when the peer resets a call whose deadline has passed, and CANCELLED before', () => {
    const reset = { code: status.CANCELLED, details: 'Call cancelled', metadata: new GrpcMetadata() };
    const facts = { peer: '10.0.0.1:5000', sent: 'unknown', headers: Metadata.EMPTY } as const;
    const late = fromGrpcStatus(reset, { ...facts, expired: true });
    assert.deepEqual([late.status.code, late.status.reason], [Code.DEADLINE_EXCEEDED, 'DEADLINE_EXCEEDED']);
    assert.equal(fromGrpcStatus(reset, { ...facts, expired: false }).status.code, Code.CANCELLED);
  });

  it('stays INTERNAL when the peer breaks the stream off with an error', () => {
    const details = 'Received RST_STREAM with code 2 (Internal server error)';
    const failure = fromGrpcStatus(
      { code: status.INTERNAL, details, metadata: new GrpcMetadata() },
      { peer: '10.0.0.1:5000', sent: 'unknown', headers: undefined, expired: false },
    );
    assert.equal(failure.status.code, Code.INTERNAL);
  });
});
