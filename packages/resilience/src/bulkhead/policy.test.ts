import assert from 'node:assert/strict';
import {
  Cancellation,
  Code,
  ConfigError,
  createRuntime,
  sleep,
  stack,
  succeed,
  type Handler,
  type Outcome,
  type PolicyEvent,
} from '@breakwater/core';
import { FakeClock, aCall, anOperation, mockLeaf, settleMicrotasks } from '@breakwater/core/testing';
import fc from 'fast-check';
import type { BulkheadOptions } from './options.js';
import { bulkhead, concurrencyLimit } from './policy.js';

const stream = anOperation({ kind: 'bidi' });
const cancelled = { code: Code.CANCELLED, reason: 'CANCELLED', details: 'gone', origin: 'local' } as const;

function setUp(options: BulkheadOptions) {
  const clock = new FakeClock();
  const runtime = createRuntime({ clock });
  const policy = bulkhead(options, runtime);
  const leaf = mockLeaf();
  return { clock, runtime, policy, leaf, handler: stack(policy)(leaf.handler) };
}

const statusOf = (outcome: Outcome) => {
  assert.ok(!outcome.ok);
  assert.equal(outcome.sent, 'no');
  return outcome.status;
};

describe('bulkhead without a queue', () => {
  it('rejects the call over the limit at once, with code, reason, source and retry-after', async () => {
    const { handler, leaf, policy } = setUp({ maxInFlight: 2 });
    const running = [handler(aCall()), handler(aCall())];
    assert.deepEqual(statusOf(await handler(aCall())), {
      code: Code.RESOURCE_EXHAUSTED,
      reason: 'BULKHEAD_FULL',
      details: '2 calls are in flight',
      origin: 'local',
      source: 'bulkhead',
      retryAfterMs: 100,
    });
    for (const held of leaf.held) held.succeed();
    await Promise.all(running);
    assert.equal(policy.calls.inFlight, 0);
    void handler(aCall());
    assert.equal(leaf.held.length, 3);
  });

  it('gives the permit back when the leaf throws', async () => {
    const { handler, leaf, policy } = setUp({ maxInFlight: 1 });
    const broken = handler(aCall());
    leaf.last().explode(new Error('defect'));
    await assert.rejects(broken);
    assert.equal(policy.calls.inFlight, 0);
  });

  it('counts streams apart, for as long as they last', async () => {
    const { handler, leaf, policy } = setUp({ maxInFlight: 1, maxStreams: 1 });
    const running = [handler(aCall({ operation: stream })), handler(aCall())];
    assert.equal(statusOf(await handler(aCall({ operation: stream }))).reason, 'STREAM_LIMITED');
    assert.deepEqual([policy.calls.inFlight, policy.streams.inFlight], [1, 1]);
    for (const held of leaf.held) held.succeed();
    await Promise.all(running);
    assert.deepEqual([policy.calls.inFlight, policy.streams.inFlight], [0, 0]);
  });

  it('is a guard, so that it costs no layer of its own beside another', () => {
    assert.equal(typeof setUp({}).policy, 'object');
  });

  it('serves as the concurrency limit of a server under its own name', async () => {
    const runtime = createRuntime({ clock: new FakeClock() });
    const handler = stack(concurrencyLimit({ maxInFlight: 1, retryAfterMs: 7 }, runtime))(mockLeaf().handler);
    void handler(aCall());
    const { source, reason, retryAfterMs, code } = statusOf(await handler(aCall()));
    assert.deepEqual(
      { source, reason, retryAfterMs, code },
      { source: 'concurrency-limit', reason: 'CONCURRENCY_LIMITED', retryAfterMs: 7, code: Code.RESOURCE_EXHAUSTED },
    );
  });
});

describe('bulkhead with a queue', () => {
  it('lets calls wait and start in order of arrival, with the instant of their start', async () => {
    const { handler, leaf, clock, policy } = setUp({ maxInFlight: 1, queue: 2 });
    const running = ['a', 'b', 'c'].map((request) => handler(aCall({ request })));
    assert.equal(statusOf(await handler(aCall())).reason, 'BULKHEAD_FULL');
    await clock.advance(30);
    leaf.last().succeed();
    await settleMicrotasks();
    leaf.last().succeed();
    await settleMicrotasks();
    leaf.last().succeed();
    await Promise.all(running);
    assert.deepEqual(
      leaf.held.map(({ call }) => [call.request, call.now]),
      [
        ['a', 0],
        ['b', 30],
        ['c', 30],
      ],
    );
    assert.deepEqual([policy.calls.inFlight, clock.pendingTimers], [0, 0]);
  });

  it('ends the wait at the deadline with DEADLINE_EXCEEDED', async () => {
    const { handler, clock, policy, runtime } = setUp({ maxInFlight: 1, queue: 1 });
    const events: PolicyEvent[] = [];
    runtime.events.subscribe((event) => events.push(event));
    void handler(aCall());
    const waiting = handler(aCall({ deadline: 50 }));
    assert.equal(policy.calls.waiting, 1);
    await clock.advance(50);
    const { code, reason, source } = statusOf(await waiting);
    assert.deepEqual(
      { code, reason, source },
      { code: Code.DEADLINE_EXCEEDED, reason: 'BULKHEAD_TIMEOUT', source: 'bulkhead' },
    );
    assert.deepEqual([policy.calls.waiting, clock.pendingTimers], [0, 0]);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['queued', 'rejected'],
    );
  });

  it('ends the wait after queueTimeoutMs with RESOURCE_EXHAUSTED and a retry-after', async () => {
    const { handler, clock } = setUp({ maxInFlight: 1, queue: 1, queueTimeoutMs: 20 });
    void handler(aCall());
    const waiting = handler(aCall({ deadline: 50 }));
    await clock.advance(20);
    const { code, reason, retryAfterMs } = statusOf(await waiting);
    assert.deepEqual(
      { code, reason, retryAfterMs },
      { code: Code.RESOURCE_EXHAUSTED, reason: 'BULKHEAD_TIMEOUT', retryAfterMs: 100 },
    );
  });

  it('ends the wait when the call is cancelled, and takes nobody in who is cancelled already', async () => {
    const { handler, clock, policy } = setUp({ maxInFlight: 1, queue: 1 });
    void handler(aCall());
    const cancellation = new Cancellation();
    const waiting = handler(aCall({ cancellation, deadline: 1000 }));
    cancellation.cancel(cancelled);
    assert.equal(statusOf(await waiting).code, Code.CANCELLED);
    assert.equal(statusOf(await handler(aCall({ cancellation }))).code, Code.CANCELLED);
    assert.deepEqual([policy.calls.waiting, clock.pendingTimers, cancellation.listenerCount], [0, 0, 0]);
  });

  it('does not start a call whose deadline passed before its late timer fired, and serves the next', async () => {
    const { clock, policy, leaf, runtime } = setUp({ maxInFlight: 1, queue: 5 });
    let lag = 0;
    const late = bulkhead(
      { maxInFlight: 1, queue: 5 },
      {
        ...runtime,
        clock: { now: () => clock.now() + lag, wallNow: () => 0, setTimer: (ms, run) => clock.setTimer(ms, run) },
      },
    );
    const handler = stack(late)(leaf.handler);
    void handler(aCall());
    const expired = handler(aCall({ deadline: 10 }));
    void handler(aCall({ request: 'next' }));
    lag = 20;
    leaf.last().succeed();
    assert.equal(statusOf(await expired).code, Code.DEADLINE_EXCEEDED);
    assert.equal(leaf.last().call.request, 'next');
    assert.equal(policy.calls.inFlight, 0);
    assert.equal(late.calls.inFlight, 1);
  });

  it('under random load starts calls in order, never more than it may, and ends with nothing held', async () => {
    const arrivals = fc.array(
      fc.record({
        gapMs: fc.integer({ min: 0, max: 20 }),
        tookMs: fc.integer({ min: 0, max: 60 }),
        timeoutMs: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: 100 })),
        cancelAfterMs: fc.oneof(fc.constant(undefined), fc.integer({ min: 0, max: 60 })),
      }),
      { maxLength: 25, size: 'max' },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 6 }),
        arrivals,
        async (maxInFlight, queue, calls) => {
          const clock = new FakeClock();
          const policy = bulkhead({ maxInFlight, queue }, createRuntime({ clock }));
          const started: number[] = [];
          let inFlight = 0;
          const leaf: Handler = async (call) => {
            const index = call.request as number;
            started.push(index);
            assert.ok(call.deadline > clock.now() && !call.cancellation.cancelled);
            inFlight += 1;
            assert.ok(inFlight <= maxInFlight);
            await sleep(clock, calls[index]?.tookMs ?? 0);
            inFlight -= 1;
            return succeed(index);
          };
          const handler = stack(policy)(leaf);
          const cancellations: Cancellation[] = [];
          const running: Promise<Outcome>[] = [];
          for (const [index, { gapMs, timeoutMs, cancelAfterMs }] of calls.entries()) {
            await clock.advance(gapMs);
            const cancellation = new Cancellation();
            cancellations.push(cancellation);
            running.push(
              handler(aCall({ request: index, now: clock.now(), deadline: clock.now() + timeoutMs, cancellation })),
            );
            if (cancelAfterMs !== undefined) clock.setTimer(cancelAfterMs, () => cancellation.cancel(cancelled));
          }
          const outcomes = await clock.run(Promise.all(running));
          await clock.advance(1000);
          assert.deepEqual(
            started,
            [...started].sort((a, b) => a - b),
          );
          assert.equal(started.length, outcomes.filter(({ ok }) => ok).length);
          assert.deepEqual([policy.calls.inFlight, policy.calls.waiting, clock.pendingTimers], [0, 0, 0]);
          for (const cancellation of cancellations) assert.equal(cancellation.listenerCount, 0);
        },
      ),
    );
  });

  it('refuses a wait without a queue and sizes out of range', () => {
    const runtime = createRuntime({ clock: new FakeClock() });
    const refused = (options: BulkheadOptions, pattern: RegExp): void =>
      assert.throws(
        () => bulkhead(options, runtime),
        (error) => error instanceof ConfigError && pattern.test(error.message),
      );
    refused({ queueTimeoutMs: 10 }, /bulkhead\.queue is 0/);
    refused({ maxInFlight: 0 }, /bulkhead\.maxInFlight is 0, but must be an integer from 1 to 1000000/);
    refused({ maxInflight: 5 } as BulkheadOptions, /did you mean "maxInFlight"/);
    assert.throws(() => concurrencyLimit({ queue: 1.5 }, runtime), /concurrencyLimit\.queue is 1\.5/);
  });
});
