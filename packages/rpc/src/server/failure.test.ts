import assert from 'node:assert/strict';
import { Cancellation, Code, fail, Metadata, RpcError, type Status } from '@breakwater/core';
import { aCall } from '@breakwater/core/testing';
import { defectFailure, failureOf } from './failure.js';

const TRAILERS = Metadata.of({ t: '1' });

const received = (code: Code, reason?: string): RpcError =>
  RpcError.fromFailure(fail({ code, details: 'secret of the bank', origin: 'remote', reason, retryAfterMs: 50 }), {
    target: 'consul:///bank',
    path: '/bank.v1.Bank/Book',
  });

describe('what a handler throws', () => {
  it('is the cancellation once the call was cancelled or its deadline has passed', () => {
    for (const code of [Code.CANCELLED, Code.DEADLINE_EXCEEDED]) {
      const cancellation = new Cancellation();
      const status: Status = { code, details: 'over', origin: 'local' };
      cancellation.cancel(status);
      for (const thrown of [new RpcError(Code.NOT_FOUND, 'x'), new Error('x'), received(Code.UNAVAILABLE), undefined]) {
        const failure = failureOf(thrown, aCall({ cancellation }), TRAILERS);
        assert.equal(failure?.status, status);
        assert.equal(failure.trailers.get('t'), '1');
      }
    }
  });

  it('is the status of an RpcError made by the handler, with its metadata beside the trailers', () => {
    const thrown = new RpcError(Code.NOT_FOUND, 'no such order', {
      reason: 'ORDER_UNKNOWN',
      retryAfterMs: 7,
      metadata: { own: '2' },
    });
    const failure = failureOf(thrown, aCall(), TRAILERS);
    assert.equal(failure?.status.code, Code.NOT_FOUND);
    assert.equal(failure.status.details, 'no such order');
    assert.equal(failure.status.reason, 'ORDER_UNKNOWN');
    assert.equal(failure.status.retryAfterMs, 7);
    assert.equal(failure.status.origin, 'handler');
    assert.deepEqual(failure.trailers.toJSON(), { t: '1', own: '2' });
  });

  it('is the status of a received error that the handler forwards', () => {
    const failure = failureOf(RpcError.forward(received(Code.NOT_FOUND, 'ACCOUNT_UNKNOWN')), aCall(), TRAILERS);
    assert.equal(failure?.status.code, Code.NOT_FOUND);
    assert.equal(failure.status.reason, 'ACCOUNT_UNKNOWN');
    assert.equal(failure.status.details, 'secret of the bank');
  });

  it('is a defect when it is an error that no trailers can be made of', () => {
    for (const code of [Code.OK, 17, -1, 1.5, '14', 'NOT_FOUND', { code: 14 }, undefined])
      assert.equal(failureOf(new RpcError(code as Code, 'x'), aCall(), TRAILERS), undefined);
    for (const details of [undefined, null, 7, { text: 'x' }])
      assert.equal(failureOf(new RpcError(Code.NOT_FOUND, details as never), aCall(), TRAILERS), undefined);
  });

  it('keeps outage and overload of a dependency, but says that retrying is of no use', () => {
    for (const [code, word] of [
      [Code.UNAVAILABLE, 'unavailable'],
      [Code.RESOURCE_EXHAUSTED, 'overloaded'],
    ] as const) {
      const thrown = received(code, 'CIRCUIT_OPEN');
      const failure = failureOf(thrown, aCall(), TRAILERS);
      assert.equal(failure?.status.code, code);
      assert.equal(failure.status.retryAfterMs, -1);
      assert.equal(failure.status.reason, 'CIRCUIT_OPEN');
      assert.equal(failure.status.details, `consul:///bank is ${word}`);
      assert.equal(failure.status.cause, thrown);
    }
  });

  it('is INTERNAL for every other error of a dependency, which stays inside', () => {
    for (let code = Code.CANCELLED; code <= Code.UNAUTHENTICATED; code++) {
      if (code === Code.UNAVAILABLE || code === Code.RESOURCE_EXHAUSTED) continue;
      const thrown = received(code, 'INNER');
      const failure = failureOf(thrown, aCall(), TRAILERS);
      assert.equal(failure?.status.code, Code.INTERNAL);
      assert.equal(failure.status.reason, undefined);
      assert.equal(failure.status.details, 'a call to consul:///bank failed');
      assert.equal(failure.status.cause, thrown);
      assert.equal(failure.trailers.get('t'), '1');
    }
  });

  it('is a defect when it is anything else, of which the caller learns nothing', () => {
    for (const thrown of [
      new Error('secret'),
      new TypeError('secret'),
      'secret',
      undefined,
      null,
      { code: Code.NOT_FOUND },
    ]) {
      assert.equal(failureOf(thrown, aCall(), TRAILERS), undefined);
      const { status } = defectFailure(thrown);
      assert.equal(status.code, Code.INTERNAL);
      assert.equal(status.reason, 'HANDLER_DEFECT');
      assert.equal(status.details, 'internal error');
      assert.equal(status.cause, thrown);
    }
  });
});
