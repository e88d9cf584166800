import assert from 'node:assert/strict';
import type { Failure } from './call.js';
import { Code } from './code.js';
import { Metadata } from './metadata.js';
import { RpcError } from './rpc-error.js';

const details = [{ typeUrl: 'type.googleapis.com/google.rpc.BadRequest', value: new Uint8Array([1]) }];
const failure: Failure = {
  ok: false,
  sent: 'unknown',
  peer: '10.0.0.1:5000',
  trailers: Metadata.of({ 'x-request-id': 'r1' }),
  status: {
    code: Code.UNAVAILABLE,
    reason: 'CONNECTION_LOST',
    details: 'reset',
    origin: 'remote',
    source: 'transport',
    retryAfterMs: 5,
    richDetails: details,
    cause: new Error('ECONNRESET'),
  },
  attempts: [
    { attempt: 1, status: { code: Code.UNAVAILABLE, details: 'a', origin: 'remote' }, durationMs: 1 },
    { attempt: 2, status: { code: Code.UNAVAILABLE, details: 'b', origin: 'remote' }, durationMs: 2 },
  ],
};

describe('RpcError', () => {
  it('says code, reason and details, in the stack too', () => {
    const error = new RpcError(Code.NOT_FOUND, 'no such order', {
      reason: 'ORDER_UNKNOWN',
      metadata: { 'x-order': '7' },
    });
    assert.equal(error.message, 'NOT_FOUND (ORDER_UNKNOWN): no such order');
    assert.equal(error.name, 'RpcError');
    assert.match(String(error.stack), /^RpcError: NOT_FOUND \(ORDER_UNKNOWN\): no such order/);
    assert.deepEqual(
      [error.details, error.metadata.get('x-order'), error.received, error.attempts],
      ['no such order', '7', false, []],
    );
    assert.equal('cause' in new RpcError(Code.INTERNAL, 'x'), false);
  });

  it('made of a failure says who was called, who answered and how often', () => {
    const error = RpcError.fromFailure(failure, { target: 'consul:///payments', path: '/shop.Payments/Authorize' });
    assert.equal(
      error.message,
      'UNAVAILABLE (CONNECTION_LOST): reset [/shop.Payments/Authorize at consul:///payments, peer 10.0.0.1:5000 after 2 attempts]',
    );
    assert.equal(error.details, 'reset');
    assert.deepEqual(
      [
        error.received,
        error.origin,
        error.source,
        error.target,
        error.path,
        error.peer,
        error.attempts.length,
        error.retryAfterMs,
        error.richDetails,
      ],
      [true, 'remote', 'transport', 'consul:///payments', '/shop.Payments/Authorize', '10.0.0.1:5000', 2, 5, details],
    );
    assert.equal(error.metadata, failure.trailers);
    assert.equal((error.cause as Error).message, 'ECONNRESET');
  });

  it('forwarded keeps code, reason and rich details, states them as its own, and drops the trailers', () => {
    const received = RpcError.fromFailure(failure, { target: 't', path: '/p' });
    const forwarded = RpcError.forward(received);
    assert.deepEqual(
      [
        forwarded.code,
        forwarded.reason,
        forwarded.details,
        forwarded.richDetails,
        forwarded.received,
        forwarded.metadata.size,
      ],
      [Code.UNAVAILABLE, 'CONNECTION_LOST', 'reset', details, false, 0],
    );
    assert.equal(forwarded.cause, received);
  });

  it('is made of anything thrown', () => {
    const own = new RpcError(Code.ABORTED, 'x');
    assert.equal(RpcError.from(own), own);
    const problem = new TypeError('not a function');
    const wrapped = RpcError.from(problem);
    assert.deepEqual([wrapped.code, wrapped.details, wrapped.cause], [Code.UNKNOWN, 'not a function', problem]);
    assert.equal(RpcError.from('text').details, 'text');
    assert.equal(RpcError.from(undefined).details, 'undefined');
  });

  it('is recognised across copies of the package, and nothing else is', () => {
    const foreign = Object.defineProperty(new Error('from another copy'), Symbol.for('breakwater.RpcError'), {
      value: true,
    });
    assert.ok(foreign instanceof RpcError);
    const others: unknown[] = [new Error('plain'), null, undefined, 'text', {}];
    for (const other of others) assert.equal(other instanceof RpcError, false);
  });

  it('becomes a status of the handler without empty parts', () => {
    const status = new RpcError(Code.ABORTED, 'again', { reason: 'BUSY', retryAfterMs: 3 }).toStatus();
    assert.deepEqual(status, {
      code: Code.ABORTED,
      details: 'again',
      origin: 'handler',
      reason: 'BUSY',
      retryAfterMs: 3,
      richDetails: undefined,
      cause: undefined,
    });
  });
});
