import assert from 'node:assert/strict';
import {
  Cancellation,
  Code,
  ConfigError,
  Metadata,
  createRuntime,
  fail,
  type Call,
  type PolicyEvent,
  type ResponseSink,
} from '@breakwater/core';
import { FakeClock, aCall, anOperation, mockLeaf, settleMicrotasks, type MockLeaf } from '@breakwater/core/testing';
import { attemptTimeout } from './attempt-timeout.js';
import { requireAttemptBelowTotal } from './options.js';

const stream = anOperation({ kind: 'server_stream' });

function aSink(): ResponseSink & { readonly got: unknown[] } {
  const got: unknown[] = [];
  return { got, headers: () => void got.push('headers'), message: (message) => (got.push(message), true) };
}

function setUp(timeoutMs = 100) {
  const clock = new FakeClock();
  const runtime = createRuntime({ clock });
  const events: PolicyEvent[] = [];
  runtime.events.subscribe((event) => events.push(event));
  const leaf = mockLeaf();
  return { clock, events, leaf, handler: attemptTimeout({ timeoutMs }, runtime)(leaf.handler) };
}

/** Answers as a transport does when the call it was given is cancelled. */
const obeyCancellation = (leaf: MockLeaf): void =>
  leaf.last().call.cancellation.onCancel((status) => leaf.last().answer(fail(status, 'unknown')));

describe('attemptTimeout of a unary call', () => {
  it('gives the leaf the earlier deadline and names the timeout when that passed', async () => {
    const { clock, events, leaf, handler } = setUp();
    const running = handler(aCall({ deadline: 1000 }));
    assert.equal(leaf.last().call.deadline, 100);
    assert.equal(clock.pendingTimers, 0, 'the leaf enforces the deadline');
    await clock.advance(100);
    leaf.last().fail(Code.DEADLINE_EXCEEDED, { reason: 'DEADLINE_EXCEEDED' });
    const outcome = await running;
    assert.ok(!outcome.ok);
    const { code, reason, origin, source } = outcome.status;
    assert.deepEqual(
      { code, reason, origin, source },
      { code: Code.DEADLINE_EXCEEDED, reason: 'ATTEMPT_TIMEOUT', origin: 'remote', source: 'attempt-timeout' },
    );
    assert.equal(outcome.sent, 'unknown');
    assert.deepEqual(
      events.map(({ type }) => type),
      ['attempt_timeout'],
    );
  });

  it('names it also when the deadline passed before the call was sent', async () => {
    const { clock, leaf, handler } = setUp();
    const running = handler(aCall());
    await clock.advance(100);
    leaf.last().fail(Code.DEADLINE_EXCEEDED, { origin: 'local', sent: 'no' });
    const outcome = await running;
    assert.ok(!outcome.ok);
    assert.deepEqual([outcome.status.reason, outcome.status.origin, outcome.sent], ['ATTEMPT_TIMEOUT', 'remote', 'no']);
  });

  it('stays out of the way when the call itself ends first', async () => {
    const { clock, leaf, handler } = setUp();
    const call = aCall({ deadline: 100 });
    const running = handler(call);
    assert.equal(leaf.last().call, call);
    await clock.advance(100);
    leaf.last().fail(Code.DEADLINE_EXCEEDED, { reason: 'DEADLINE_EXCEEDED' });
    const outcome = await running;
    assert.equal(!outcome.ok && outcome.status.reason, 'DEADLINE_EXCEEDED');
  });

  it('leaves every other failure alone, an early DEADLINE_EXCEEDED or one with its own reason too', async () => {
    const { clock, leaf, handler } = setUp();
    const early = handler(aCall());
    leaf.last().fail(Code.DEADLINE_EXCEEDED);
    const own = handler(aCall());
    await clock.advance(100);
    leaf.last().fail(Code.DEADLINE_EXCEEDED, { reason: 'BANK_TIMED_OUT' });
    const other = handler(aCall());
    leaf.last().fail(Code.UNAVAILABLE);
    for (const running of [early, own, other]) {
      const outcome = await running;
      assert.ok(!outcome.ok && outcome.status.reason !== 'ATTEMPT_TIMEOUT');
    }
  });

  it('leaves a cancellation alone', async () => {
    const { clock, leaf, handler } = setUp();
    const cancellation = new Cancellation();
    const running = handler(aCall({ cancellation }));
    await clock.advance(100);
    const status = { code: Code.DEADLINE_EXCEEDED, details: 'the incoming call expired', origin: 'local' } as const;
    cancellation.cancel(status);
    leaf.last().answer(fail(status, 'unknown'));
    const outcome = await running;
    assert.equal(!outcome.ok && outcome.status, status);
  });
});

describe('attemptTimeout of a response stream', () => {
  const start = (
    handler: (call: Call) => Promise<unknown>,
    responses: ResponseSink,
    cancellation = new Cancellation(),
  ) => handler(aCall({ operation: stream, responses, cancellation }));

  it('does not limit the whole, once the first message has come in time', async () => {
    const { clock, leaf, handler } = setUp();
    const sink = aSink();
    const running = start(handler, sink);
    assert.equal(leaf.last().call.deadline, Number.POSITIVE_INFINITY);
    leaf.last().call.responses?.headers(Metadata.EMPTY);
    await clock.advance(99);
    void leaf.last().call.responses?.message('one');
    assert.equal(clock.pendingTimers, 0);
    await clock.advance(100_000);
    leaf.last().succeed();
    assert.equal((await (running as Promise<{ ok: boolean }>)).ok, true);
    assert.deepEqual(sink.got, ['headers', 'one']);
  });

  it('cancels the attempt, not the call, when no message has come in time, headers or not', async () => {
    const { clock, events, leaf, handler } = setUp();
    const cancellation = new Cancellation();
    const sink = aSink();
    const running = handler(aCall({ operation: stream, responses: sink, cancellation }));
    leaf.last().call.responses?.headers(Metadata.EMPTY);
    obeyCancellation(leaf);
    await clock.advance(100);
    void leaf.last().call.responses?.message('too late');
    const outcome = await running;
    assert.ok(!outcome.ok);
    assert.deepEqual([outcome.status.reason, outcome.status.origin], ['ATTEMPT_TIMEOUT', 'remote']);
    assert.equal(cancellation.cancelled, false);
    assert.equal(cancellation.listenerCount, 0);
    assert.deepEqual(sink.got, ['headers']);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['attempt_timeout'],
    );
  });

  it('fails a stream that ends well just after the timeout, since messages of it were dropped', async () => {
    const { clock, leaf, handler } = setUp();
    const sink = aSink();
    const running = handler(aCall({ operation: stream, responses: sink }));
    await clock.advance(100);
    void leaf.last().call.responses?.message('dropped');
    leaf.last().succeed();
    const outcome = await running;
    assert.deepEqual([!outcome.ok && outcome.status.reason, sink.got], ['ATTEMPT_TIMEOUT', []]);
  });

  it('passes a cancellation on and leaves no timer and no listener behind', async () => {
    const { clock, leaf, handler } = setUp();
    const cancellation = new Cancellation();
    const running = start(handler, aSink(), cancellation);
    obeyCancellation(leaf);
    cancellation.cancel({ code: Code.CANCELLED, details: 'gone', origin: 'local' });
    const outcome = (await running) as { status: { code: Code } };
    assert.equal(outcome.status.code, Code.CANCELLED);
    assert.deepEqual([clock.pendingTimers, cancellation.listenerCount], [0, 0]);
  });

  it('releases everything when the leaf throws', async () => {
    const { clock, leaf, handler } = setUp();
    const cancellation = new Cancellation();
    const running = start(handler, aSink(), cancellation);
    leaf.last().explode(new Error('defect'));
    await assert.rejects(running, /defect/);
    await settleMicrotasks();
    assert.deepEqual([clock.pendingTimers, cancellation.listenerCount], [0, 0]);
  });
});

describe('attempt timeout settings', () => {
  it('are refused out of range, and when not shorter than the total', () => {
    assert.throws(() => setUp(0), /attemptTimeout\.timeoutMs is 0, but must be a number from 1 to 86400000/);
    assert.throws(
      () => requireAttemptBelowTotal('client.attemptTimeout.timeoutMs', 5000, 5000),
      (error) =>
        error instanceof ConfigError &&
        /client\.attemptTimeout\.timeoutMs is 5000.*total timeout of 5000 ms/.test(error.message),
    );
    requireAttemptBelowTotal('x', 4999, 5000);
    requireAttemptBelowTotal('x', 1e9, null);
  });
});
