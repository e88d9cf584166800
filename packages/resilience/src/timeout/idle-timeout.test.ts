import assert from 'node:assert/strict';
import { Cancellation, Code, Metadata, createRuntime, fail, succeed, type ResponseSink } from '@breakwater/core';
import { FakeClock, aCall, anOperation, mockLeaf, settleMicrotasks } from '@breakwater/core/testing';
import { idleTimeout } from './idle-timeout.js';

function setUp(sink: Partial<ResponseSink> = {}, requests?: AsyncIterable<unknown>) {
  const clock = new FakeClock();
  const leaf = mockLeaf();
  const cancellation = new Cancellation();
  const responses: ResponseSink = { headers: () => {}, message: () => true, ...sink };
  const running = idleTimeout({ timeoutMs: 100 }, createRuntime({ clock }))(leaf.handler)(
    aCall({ operation: anOperation({ kind: 'bidi' }), responses, requests, cancellation }),
  );
  const attempt = leaf.last().call;
  attempt.cancellation.onCancel((status) => leaf.last().answer(fail(status, 'unknown')));
  return { clock, leaf, cancellation, running, attempt };
}

describe('idleTimeout', () => {
  it('ends a stream on which nothing moves any more, 100 ms after the last message', async () => {
    const { clock, cancellation, running, attempt } = setUp();
    attempt.responses?.headers(Metadata.EMPTY);
    for (let message = 0; message < 5; message++) {
      await clock.advance(99);
      void attempt.responses?.message(message);
    }
    await clock.advance(99);
    assert.equal(attempt.cancellation.cancelled, false);
    await clock.advance(1);
    const outcome = await running;
    assert.ok(!outcome.ok);
    const { code, reason, origin, source } = outcome.status;
    assert.deepEqual(
      { code, reason, origin, source },
      { code: Code.DEADLINE_EXCEEDED, reason: 'IDLE_TIMEOUT', origin: 'remote', source: 'idle-timeout' },
    );
    assert.deepEqual([clock.pendingTimers, cancellation.listenerCount, cancellation.cancelled], [0, 0, false]);
  });

  it('does not count the time in which the reader holds the stream back', async () => {
    let goOn: () => void = () => {};
    const { clock, attempt, running } = setUp({ message: () => new Promise((resolve) => (goOn = resolve)) });
    void attempt.responses?.message('big');
    await clock.advance(1000);
    assert.equal(attempt.cancellation.cancelled, false);
    goOn();
    await settleMicrotasks();
    await clock.advance(99);
    assert.equal(attempt.cancellation.cancelled, false);
    await clock.advance(101);
    assert.equal(attempt.cancellation.cancelled, true);
    await running;
  });

  it('fails a stream that ends well just after the timeout, since messages of it may be missing', async () => {
    const clock = new FakeClock();
    const leaf = mockLeaf();
    const responses: ResponseSink = { headers: () => {}, message: () => assert.fail('dropped from the timeout on') };
    const running = idleTimeout({ timeoutMs: 100 }, createRuntime({ clock }))(leaf.handler)(
      aCall({ operation: anOperation({ kind: 'bidi' }), responses }),
    );
    await clock.advance(100);
    void leaf.last().call.responses?.message('late');
    leaf.last().succeed();
    const outcome = await running;
    assert.equal(!outcome.ok && outcome.status.reason, 'IDLE_TIMEOUT');
  });

  it('takes a request message for movement too', async () => {
    let send: () => void = () => {};
    const requests = {
      async *[Symbol.asyncIterator]() {
        await new Promise<void>((resolve) => (send = resolve));
        yield 'late';
        await new Promise<void>(() => {});
      },
    };
    const { clock, attempt, leaf, running } = setUp({}, requests);
    const reader = attempt.requests?.[Symbol.asyncIterator]();
    const first = reader?.next();
    await clock.advance(90);
    send();
    assert.equal((await first)?.value, 'late');
    await clock.advance(90);
    assert.equal(attempt.cancellation.cancelled, false);
    leaf.last().succeed();
    assert.ok((await running).ok);
    assert.equal(clock.pendingTimers, 0);
  });

  it('leaves calls with a single response alone', async () => {
    const clock = new FakeClock();
    const leaf = mockLeaf(() => succeed(1));
    const call = aCall();
    await idleTimeout({ timeoutMs: 1 }, createRuntime({ clock }))(leaf.handler)(call);
    assert.equal(leaf.last().call, call);
    assert.equal(clock.pendingTimers, 0);
  });
});
