import assert from 'node:assert/strict';
import { Cancellation, Code, ConfigError, Metadata } from '@breakwater/core';
import { aCall, fixedRandom } from '@breakwater/core/testing';
import { CallContext } from './call-context.js';

describe('the context of a call', () => {
  it('puts no listener on the call until somebody asks for its signal', () => {
    const cancellation = new Cancellation();
    const context = new CallContext(aCall({ cancellation }), fixedRandom(0.5));
    assert.equal(context.requestId.length, 32);
    assert.equal(context.cancelled, false);
    assert.equal(cancellation.listenerCount, 0);
    assert.equal(context.signal, context.signal);
    assert.equal(cancellation.listenerCount, 1);
  });

  it('gives a signal that has fired when the call was cancelled before anybody asked', () => {
    const cancellation = new Cancellation();
    cancellation.cancel({ code: Code.CANCELLED, details: 'the caller has gone', origin: 'local' });
    const { signal } = new CallContext(aCall({ cancellation }), fixedRandom(0.5));
    assert.equal(signal.aborted, true);
    assert.equal((signal.reason as DOMException).name, 'AbortError');
    assert.match(String(signal.reason), /the caller has gone/);
  });

  it('refuses headers and trailers that are reserved or cannot be sent', () => {
    const context = new CallContext(aCall(), fixedRandom(0.5));
    for (const wrong of [{ 'grpc-status': '0' }, { 'bad key': 'x' }, { note: 'line\nbreak' }, { 'x-bin': 'text' }]) {
      assert.throws(() => context.setHeaders(wrong), ConfigError);
      assert.throws(() => context.setTrailers(wrong), ConfigError);
    }
    assert.equal(context.responseHeaders, Metadata.EMPTY);
  });

  it('refuses headers that come too late', () => {
    const sent: Metadata[] = [];
    const responses = { headers: (headers: Metadata) => void sent.push(headers), message: () => true as const };
    const context = new CallContext(aCall({ responses }), fixedRandom(0.5));
    context.setHeaders({ a: '1' });
    context.sendHeaders();
    context.sendHeaders();
    assert.deepEqual(
      sent.map((one) => one.toJSON()),
      [{ a: '1' }],
    );
    assert.throws(() => context.setHeaders({ b: '2' }), /have been sent; use setTrailers/);
  });
});
