import assert from 'node:assert/strict';
import {
  Cancellation,
  Code,
  Metadata,
  createRuntime,
  stack,
  succeed,
  type Outcome,
  type PolicyEvent,
  type ResponseSink,
  type Sent,
} from '@breakwater/core';
import { FakeClock, aCall, aFailure, anOperation, mockLeaf, settleMicrotasks } from '@breakwater/core/testing';
import { classifyOutcome } from './classify.js';
import { circuitBreaker } from './policy.js';

const stream = anOperation({ kind: 'server_stream' });
const aSink = (): ResponseSink & { messages: unknown[] } => {
  const messages: unknown[] = [];
  return { messages, headers: () => {}, message: (message) => (messages.push(message), true) };
};

function setUp(options: Parameters<typeof circuitBreaker>[0] = { minimumCalls: 1 }) {
  const clock = new FakeClock();
  const runtime = createRuntime({ clock });
  const policy = circuitBreaker(options, runtime, { name: 'consul:///payments' });
  return { clock, runtime, policy, state: () => policy.breaker.snapshot(clock.now()).state };
}

describe('circuitBreaker', () => {
  it('rejects with UNAVAILABLE, CIRCUIT_OPEN and the time left, without calling the leaf', async () => {
    const { policy, runtime } = setUp();
    const events: PolicyEvent[] = [];
    runtime.events.subscribe((event) => events.push(event));
    const leaf = mockLeaf(() => aFailure(Code.UNAVAILABLE));
    const handler = policy(leaf.handler);
    await handler(aCall());
    const outcome = await handler(aCall({ now: 400 }));
    assert.ok(!outcome.ok);
    assert.deepEqual(outcome.status, {
      code: Code.UNAVAILABLE,
      reason: 'CIRCUIT_OPEN',
      details: 'the circuit of consul:///payments is open',
      origin: 'local',
      source: 'circuit-breaker',
      retryAfterMs: 600,
    });
    assert.equal(outcome.sent, 'no');
    assert.equal(leaf.held.length, 1);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['breaker_transition', 'rejected'],
    );
    const [transition] = events;
    assert.ok(transition?.type === 'breaker_transition');
    assert.deepEqual([transition.name, transition.from, transition.to], ['consul:///payments', 'closed', 'open']);
  });

  it('rejects with CIRCUIT_ISOLATED and no retry-after while isolated', async () => {
    const { policy } = setUp();
    policy.breaker.isolate();
    const outcome = await policy(mockLeaf().handler)(aCall());
    assert.ok(!outcome.ok);
    assert.equal(outcome.status.reason, 'CIRCUIT_ISOLATED');
    assert.equal(outcome.status.retryAfterMs, undefined);
  });

  it('is one breaker for every stack it is put into', async () => {
    const { policy, state } = setUp();
    await stack(policy)(mockLeaf(() => aFailure(Code.INTERNAL)).handler)(aCall());
    assert.equal(state(), 'open');
    const other = mockLeaf();
    await stack(policy)(other.handler)(aCall({ operation: anOperation({ method: 'Other' }) }));
    assert.equal(other.held.length, 0);
  });

  it('frees the place of a probe whose leaf throws', async () => {
    const { policy, state, clock } = setUp();
    await policy(mockLeaf(() => aFailure(Code.UNAVAILABLE)).handler)(aCall());
    await clock.advance(1000);
    const leaf = mockLeaf();
    const broken = policy(leaf.handler)(aCall({ now: 1000 }));
    leaf.last().explode(new Error('defect'));
    await assert.rejects(broken, /defect/);
    assert.equal(state(), 'half_open');
    await policy(mockLeaf(() => succeed(1)).handler)(aCall({ now: 1001 }));
    assert.equal(state(), 'closed');
  });

  it('counts a stream when it ends, whatever it said before', async () => {
    const { policy, state } = setUp();
    const leaf = mockLeaf();
    const sink = aSink();
    const running = policy(leaf.handler)(aCall({ operation: stream, responses: sink }));
    leaf.last().call.responses?.headers(Metadata.EMPTY);
    void leaf.last().call.responses?.message('one');
    await settleMicrotasks();
    assert.equal(policy.breaker.snapshot(0).calls, 0);
    leaf.last().fail(Code.UNAVAILABLE);
    await running;
    assert.deepEqual(sink.messages, ['one']);
    assert.equal(state(), 'open');
  });

  it('lets a stream pass as a probe with its first message, and its end afterwards decide nothing', async () => {
    const { policy, state, clock } = setUp();
    await policy(mockLeaf(() => aFailure(Code.UNAVAILABLE)).handler)(aCall());
    await clock.advance(1000);
    const leaf = mockLeaf();
    const running = policy(leaf.handler)(aCall({ operation: stream, responses: aSink(), now: 1000 }));
    leaf.last().call.responses?.headers(Metadata.EMPTY);
    assert.equal(state(), 'half_open');
    void leaf.last().call.responses?.message('one');
    assert.equal(state(), 'closed');
    leaf.last().fail(Code.UNAVAILABLE);
    await running;
    assert.equal(state(), 'closed');
  });

  it('takes the time to the first message for the slowness of a stream, not the time to its end', async () => {
    const { policy, clock, state } = setUp({ minimumCalls: 1, slowCallMs: 100, slowCallRatio: 0.5 });
    const leaf = mockLeaf();
    const lasting = policy(leaf.handler)(aCall({ operation: stream, responses: aSink() }));
    await clock.advance(50);
    void leaf.last().call.responses?.message('soon');
    await clock.advance(100_000);
    leaf.last().succeed();
    await lasting;
    assert.equal(state(), 'closed');
    const late = policy(leaf.handler)(aCall({ operation: stream, responses: aSink(), now: clock.now() }));
    await clock.advance(100);
    void leaf.last().call.responses?.message('late');
    leaf.last().succeed();
    await late;
    assert.equal(state(), 'open');
  });

  it('takes the whole call for the slowness of a unary one', async () => {
    const { policy, clock, state } = setUp({ minimumCalls: 1, slowCallMs: 100, slowCallRatio: 1 });
    const leaf = mockLeaf();
    const running = policy(leaf.handler)(aCall());
    await clock.advance(100);
    leaf.last().succeed();
    await running;
    assert.equal(state(), 'open');
  });

  it('leaves no listener and no timer behind', async () => {
    const { policy, clock } = setUp();
    const cancellation = new Cancellation();
    await policy(mockLeaf(() => succeed(1)).handler)(aCall({ cancellation }));
    assert.equal(cancellation.listenerCount, 0);
    assert.equal(clock.pendingTimers, 0);
  });
});

describe('classifyOutcome', () => {
  const verdict = (code: Code, options: { origin?: 'local' | 'remote'; reason?: string; sent?: Sent } = {}): string => {
    const outcome: Outcome = aFailure(code, options);
    return classifyOutcome(outcome, aCall());
  };

  it('holds the errors of a sick target against it', () => {
    for (const code of [Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED, Code.INTERNAL, Code.UNKNOWN]) {
      assert.equal(verdict(code), 'failure', Code[code]);
    }
  });

  it('takes an answer that blames the caller for a sign of life', () => {
    for (const code of [
      Code.INVALID_ARGUMENT,
      Code.NOT_FOUND,
      Code.ALREADY_EXISTS,
      Code.PERMISSION_DENIED,
      Code.FAILED_PRECONDITION,
      Code.ABORTED,
      Code.OUT_OF_RANGE,
      Code.UNAUTHENTICATED,
      Code.UNIMPLEMENTED,
    ]) {
      assert.equal(verdict(code), 'success', Code[code]);
    }
  });

  it('ignores what was decided in this process, cancellation, shedding, lost data and orderly leaving', () => {
    assert.equal(verdict(Code.UNAVAILABLE, { origin: 'local' }), 'ignored');
    assert.equal(verdict(Code.DEADLINE_EXCEEDED, { origin: 'local' }), 'ignored');
    assert.equal(verdict(Code.CANCELLED), 'ignored');
    assert.equal(verdict(Code.RESOURCE_EXHAUSTED), 'ignored');
    assert.equal(verdict(Code.DATA_LOSS), 'ignored');
    assert.equal(verdict(Code.UNAVAILABLE, { reason: 'DRAINING' }), 'ignored');
  });
});
