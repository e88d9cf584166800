import assert from 'node:assert/strict';
import { Code, createRuntime, type Handler, type PolicyEvent, RpcError, type Runtime } from '@breakwater/core';
import { aCall, aFailure, FakeClock, fixedRandom, mockLeaf } from '@breakwater/core/testing';
import { RetryBudget } from '@breakwater/resilience';
import { type Method, methodsOf } from '@breakwater/rpc';
import { EchoDefinition } from '../testing/echo.js';
import { type ClientPolicies, clientStacks } from './client-policies.js';
import { CallTracker } from '../lifecycle/call-tracker.js';
import { serverStacks, type ServerPolicies } from './server-policies.js';

const [one, charge, count] = methodsOf(EchoDefinition) as [Method, Method, Method];

describe('the default client stack', () => {
  let clock: FakeClock;
  let runtime: Runtime;
  let events: PolicyEvent[];
  beforeEach(() => {
    clock = new FakeClock();
    runtime = createRuntime({ clock, random: fixedRandom(0.5) });
    events = [];
    runtime.events.subscribe((event) => events.push(event));
  });

  const stacks = (policies: ClientPolicies = {}, methods: Record<string, ClientPolicies> = {}) =>
    clientStacks({ target: 'consul:///echo', runtime, policies, methods, sharedBudget: new RetryBudget() });
  const over = (
    leaf: Handler,
    method = one,
    policies?: ClientPolicies,
    methods?: Record<string, ClientPolicies>,
  ): Handler => stacks(policies, methods).stackFor(method)(leaf);
  const call = (method = one) => aCall({ operation: method, now: clock.now() });

  it('gives unary calls a deadline of 5 s and response streams none', async () => {
    const leaf = mockLeaf((_call) => aFailure(Code.NOT_FOUND));
    await over(leaf.handler)(call());
    await over(leaf.handler, count)(call(count));
    assert.deepEqual(
      leaf.held.map((held) => held.call.deadline),
      [5000, Number.POSITIVE_INFINITY],
    );
  });

  it('makes three attempts, 50 and 100 ms apart, of an idempotent method; one of any other whose fate is unknown', async () => {
    const starts: number[] = [];
    const leaf = mockLeaf(() => {
      starts.push(clock.now());
      return aFailure(Code.UNAVAILABLE);
    });
    await clock.run(over(leaf.handler)(call()));
    assert.deepEqual(starts, [0, 50, 150]);
    await clock.run(over(leaf.handler, charge)(call(charge)));
    assert.equal(starts.length, 4);
  });

  it('retries at most a tenth of the calls and a reserve of ten', async () => {
    const leaf = mockLeaf(() => aFailure(Code.UNAVAILABLE));
    const handler = over(leaf.handler, one, { circuitBreaker: false });
    for (let index = 0; index < 100; index++) await clock.run(handler(call()));
    assert.equal(leaf.held.length - 100, 20);
  });

  it('opens the circuit of a method after half of at least 20 calls in 10 s have failed, for 1 s, then lets one probe through', async () => {
    let broken = true;
    const leaf = mockLeaf(() =>
      broken ? aFailure(Code.INTERNAL) : { ok: true, value: 1, headers: call().metadata, trailers: call().metadata },
    );
    const handler = over(leaf.handler);
    for (let index = 0; index < 20; index++) await handler(call());
    assert.equal(leaf.held.length, 20);
    const refused = await handler(call());
    assert.ok(!refused.ok && refused.status.reason === 'CIRCUIT_OPEN' && refused.status.source === 'circuit-breaker');
    assert.equal(refused.ok ? 0 : refused.status.retryAfterMs, 1000);
    assert.equal(leaf.held.length, 20, 'an open circuit called the leaf');
    broken = false;
    await clock.advance(1000);
    const [probe, other] = await Promise.all([handler(call()), handler(call())]);
    assert.ok(probe.ok && !other.ok, 'exactly one probe');
    assert.ok((await handler(call())).ok);
    const steps = events.flatMap((event) => (event.type === 'breaker_transition' ? [event.to] : []));
    assert.deepEqual(steps, ['open', 'half_open', 'closed']);
  });

  it('keeps the circuits of two methods apart', async () => {
    const leaf = mockLeaf(() => aFailure(Code.INTERNAL));
    const { stackFor, breakers } = stacks();
    const broken = stackFor(one)(leaf.handler);
    const other = stackFor(charge)(leaf.handler);
    for (let index = 0; index < 30; index++) await broken(call());
    assert.equal(breakers.get(one.path)?.breaker.snapshot(clock.now()).state, 'open');
    await other(call(charge));
    assert.equal(leaf.held.at(-1)?.call.operation, charge);
  });

  it('holds at most 1,024 calls in flight and queues none', async () => {
    const leaf = mockLeaf();
    const { stackFor } = stacks();
    const handler = stackFor(one)(leaf.handler);
    for (let index = 0; index < 1024; index++) void handler(call());
    const refused = await handler(call());
    assert.ok(!refused.ok && refused.status.reason === 'BULKHEAD_FULL');
    assert.equal(leaf.held.length, 1024);
    const elsewhere = await stackFor(charge)(leaf.handler)(call(charge));
    assert.ok(!elsewhere.ok, 'the bulkhead is of the client, not of the method');
  });

  it('has neither fallback, rate limit nor attempt timeout until they are configured', async () => {
    const leaf = mockLeaf((held) => aFailure(Code.INTERNAL, { details: String(held.deadline) }));
    const handler = over(leaf.handler, one, { circuitBreaker: false });
    for (let index = 0; index < 500; index++) {
      const outcome = await handler(call());
      assert.ok(!outcome.ok && outcome.status.details === '5000');
    }
  });

  it('falls back for every rejection below it, also when the circuit is open', async () => {
    const leaf = mockLeaf(() => aFailure(Code.INTERNAL));
    const why: unknown[] = [];
    const handler = over(leaf.handler, one, {
      fallback: {
        fn: (status) => {
          why.push(status.reason ?? Code[status.code]);
          return 'instead';
        },
      },
    });
    for (let index = 0; index < 21; index++) {
      const outcome = await handler(call());
      assert.ok(outcome.ok && outcome.value === 'instead');
    }
    assert.deepEqual([why[0], why[20]], ['INTERNAL', 'CIRCUIT_OPEN']);
  });

  it('holds one place per logical call, judges each attempt, and limits attempts', async () => {
    const leaf = mockLeaf(() => aFailure(Code.UNAVAILABLE));
    const { stackFor, breakers } = stacks({ bulkhead: { maxInFlight: 1 }, rateLimit: { perSecond: 1000, burst: 3 } });
    await clock.run(stackFor(one)(leaf.handler)(call()));
    assert.equal(leaf.held.length, 3, 'retries passed a bulkhead of one');
    assert.equal(breakers.get(one.path)?.breaker.snapshot(clock.now()).calls, 3);
  });

  it('lets the settings of a method win over those of the client, setting by setting', async () => {
    const leaf = mockLeaf(() => aFailure(Code.UNAVAILABLE));
    const handler = over(
      leaf.handler,
      one,
      { retry: { maxAttempts: 5, initialBackoffMs: 10 }, deadline: { timeoutMs: 9000 } },
      { One: { retry: { maxAttempts: 2 } } },
    );
    await clock.run(handler(call()));
    assert.equal(leaf.held.length, 2);
    assert.equal(clock.now(), 10);
    assert.equal(leaf.held[0]?.call.deadline, 9000);
  });

  it('refuses an attempt timeout that is not below the deadline, by the rule', () => {
    assert.throws(
      () => over(mockLeaf().handler, one, { attemptTimeout: { timeoutMs: 5000 } }),
      /attemptTimeout.*must be shorter than the total timeout of 5000 ms/,
    );
    assert.throws(
      () => over(mockLeaf().handler, one, { retry: { maxAttempts: 0 } }),
      /retry\.maxAttempts is 0, but must be an integer from 1 to 10/,
    );
    assert.throws(
      () => over(mockLeaf().handler, one, { retri: {} } as never),
      /unknown option policies\.retri; did you mean "retry"/,
    );
  });
});

describe('the default server stack', () => {
  const clock = new FakeClock();
  const runtime = createRuntime({ clock });
  const over = (leaf: Handler, policies: ServerPolicies = {}): Handler =>
    serverStacks({ runtime, policies, methods: {}, tracker: new CallTracker() })(one)(leaf);

  it('does not start a call that arrives expired', async () => {
    const leaf = mockLeaf();
    const outcome = await over(leaf.handler)(aCall({ operation: one, now: 10, deadline: 10 }));
    assert.ok(!outcome.ok && outcome.status.code === Code.DEADLINE_EXCEEDED);
    assert.equal(leaf.held.length, 0);
  });

  it('adds no deadline of its own', async () => {
    const leaf = mockLeaf(() => aFailure(Code.NOT_FOUND));
    await over(leaf.handler)(aCall({ operation: one }));
    assert.equal(leaf.last().call.deadline, Number.POSITIVE_INFINITY);
  });

  it('holds at most 1,024 calls at a time; the next is RESOURCE_EXHAUSTED with a retry-after', async () => {
    const leaf = mockLeaf();
    const handler = over(leaf.handler);
    for (let index = 0; index < 1024; index++) void handler(aCall({ operation: one }));
    const refused = await handler(aCall({ operation: one }));
    assert.ok(
      !refused.ok && refused.status.code === Code.RESOURCE_EXHAUSTED && refused.status.reason === 'CONCURRENCY_LIMITED',
    );
    assert.ok((refused.ok ? 0 : (refused.status.retryAfterMs ?? 0)) > 0);
  });

  it('turns whatever a handler or policy throws into INTERNAL', async () => {
    const outcome = await over(() => Promise.reject(new RpcError(Code.OK, 'odd')))(aCall({ operation: one }));
    assert.ok(!outcome.ok && outcome.status.code === Code.INTERNAL && outcome.status.reason === 'HANDLER_DEFECT');
  });
});
