import assert from 'node:assert/strict';
import {
  Attributes,
  Cancellation,
  Code,
  ConfigError,
  Metadata,
  createRuntime,
  fail,
  succeed,
  type Call,
  type Outcome,
  type PolicyEvent,
} from '@breakwater/core';
import { FakeClock, aCall, aFailure, anOperation, fixedRandom, mockLeaf } from '@breakwater/core/testing';
import { CALL_MAX_ATTEMPTS, type RetryOptions } from './options.js';
import { retry } from './policy.js';
import { RetryBudget } from './retry-budget.js';

const sideEffects = anOperation({ idempotency: 'unknown' });

function setUp(answer: (call: Call, index: number) => Outcome, options: RetryOptions = {}) {
  const clock = new FakeClock();
  const runtime = createRuntime({ clock, random: fixedRandom(0.5) });
  const events: PolicyEvent[] = [];
  runtime.events.subscribe((event) => events.push(event));
  const leaf = mockLeaf(answer);
  const handler = retry(options, runtime)(leaf.handler);
  return { clock, events, leaf, run: (call: Call) => clock.run(handler(call)), handler };
}

const refusals = (events: readonly PolicyEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'retry_refused' ? [event.why] : []));
const codeOf = (outcome: Outcome): string => (outcome.ok ? 'OK' : String(Code[outcome.status.code]));

describe('retry', () => {
  it('hands a call that goes well straight through: the same object, no timer, no listener', async () => {
    const { clock, leaf, handler, events } = setUp(() => succeed(1));
    const cancellation = new Cancellation();
    const call = aCall({ cancellation });
    assert.equal(codeOf(await handler(call)), 'OK');
    assert.equal(leaf.last().call, call);
    assert.deepEqual([clock.pendingTimers, cancellation.listenerCount, events.length], [0, 0, 0]);
  });

  it('repeats twice after 50 and 100 ms and then gives the last failure with a record per attempt', async () => {
    const { clock, events, leaf, run } = setUp((_, index) => ({
      ...fail({ code: Code.UNAVAILABLE, details: `${index}`, origin: 'remote' }, 'unknown'),
      peer: `p${index}`,
    }));
    const outcome = await run(aCall());
    assert.ok(!outcome.ok);
    assert.equal(outcome.status.details, '2');
    assert.deepEqual(
      outcome.attempts?.map(({ attempt, peer, durationMs }) => [attempt, peer, durationMs]),
      [
        [1, 'p0', 0],
        [2, 'p1', 0],
        [3, 'p2', 0],
      ],
    );
    assert.equal(clock.now(), 150);
    assert.deepEqual(
      leaf.held.map(({ call }) => call.tried),
      [[], ['p0'], ['p0', 'p1']],
    );
    assert.deepEqual(
      events.map((event) => (event.type === 'retry' ? `retry ${event.nextAttempt} in ${event.delayMs}` : event.type)),
      ['retry 2 in 50', 'retry 3 in 100', 'retry_refused'],
    );
    assert.deepEqual(refusals(events), ['attempts_exhausted']);
  });

  it('never repeats what this process decided', async () => {
    const { leaf, run, events } = setUp(() => aFailure(Code.UNAVAILABLE, { origin: 'local', reason: 'CIRCUIT_OPEN' }));
    const outcome = await run(aCall());
    assert.equal(leaf.held.length, 1);
    assert.ok(!outcome.ok && outcome.attempts === undefined);
    assert.deepEqual(refusals(events), []);
  });

  it('repeats only the codes it was told to, by number or name', async () => {
    assert.equal(await attemptsFor(() => aFailure(Code.INTERNAL), {}), 1);
    assert.equal(await attemptsFor(() => aFailure(Code.INTERNAL), { retryableCodes: ['INTERNAL'] }), 3);
    assert.equal(await attemptsFor(() => aFailure(Code.ABORTED), { retryableCodes: [Code.ABORTED] }), 3);
    assert.equal(await attemptsFor(() => aFailure(Code.UNAVAILABLE), { retryableCodes: [] }), 1);
  });

  it('repeats a method with side effects only when the server did not start the call', async () => {
    const call = aCall({ operation: sideEffects });
    assert.equal(await attemptsFor(() => aFailure(Code.UNAVAILABLE, { sent: 'unknown' }), {}, call), 1);
    assert.equal(await attemptsFor(() => aFailure(Code.UNAVAILABLE, { sent: 'no' }), {}, call), 3);
    assert.equal(await attemptsFor(() => aFailure(Code.UNAVAILABLE, { sent: 'refused' }), {}, call), 3);
    const { events, run } = setUp(() => aFailure(Code.UNAVAILABLE));
    await run(call);
    assert.deepEqual(refusals(events), ['not_idempotent']);
  });

  it('repeats an attempt timeout of an idempotent method only', async () => {
    const timedOut = (): Outcome => aFailure(Code.DEADLINE_EXCEEDED, { reason: 'ATTEMPT_TIMEOUT' });
    assert.equal(await attemptsFor(timedOut, {}), 3);
    assert.equal(await attemptsFor(timedOut, {}, aCall({ operation: sideEffects })), 1);
    assert.equal(await attemptsFor(() => aFailure(Code.DEADLINE_EXCEEDED, { reason: 'DEADLINE_EXCEEDED' }), {}), 1);
  });

  it('repeats at once what an endpoint did not start, and waits before the next', async () => {
    const { events, run, clock } = setUp((_, index) => ({
      ...aFailure(Code.UNAVAILABLE, { sent: 'refused' }),
      peer: `p${index}`,
    }));
    await run(aCall());
    assert.deepEqual(
      events.flatMap((event) => (event.type === 'retry' ? [event.delayMs] : [])),
      [0, 50],
    );
    assert.equal(clock.now(), 50);
  });

  it('waits before it repeats a call that found no endpoint: another try at once would find none either', async () => {
    const { events, run } = setUp(() => aFailure(Code.UNAVAILABLE, { sent: 'no' }));
    await run(aCall());
    assert.deepEqual(
      events.flatMap((event) => (event.type === 'retry' ? [event.delayMs] : [])),
      [50, 100],
    );
  });

  it('waits exactly as long as pushback says and starts the backoff anew after it', async () => {
    const { events, run } = setUp((_, index) => (index === 1 ? pushedBack('7') : aFailure(Code.UNAVAILABLE)), {
      maxAttempts: 4,
    });
    await run(aCall());
    assert.deepEqual(
      events.flatMap((event) => (event.type === 'retry' ? [event.delayMs] : [])),
      [50, 7, 50],
    );
  });

  it('takes the retry-after that the transport has read already for the same', async () => {
    const { events, run } = setUp(() => aFailure(Code.UNAVAILABLE, { retryAfterMs: 9 }), { maxAttempts: 2 });
    await run(aCall());
    assert.deepEqual(
      events.flatMap((event) => (event.type === 'retry' ? [event.delayMs] : [])),
      [9],
    );
    assert.equal(await attemptsFor(() => aFailure(Code.UNAVAILABLE, { retryAfterMs: -1 }), {}), 1);
  });

  it('stops at a negative or unreadable pushback, also when the call was not sent', async () => {
    for (const text of ['-1', 'abc', '']) {
      const { events, leaf, run } = setUp(() => ({ ...pushedBack(text), sent: 'no' }));
      await run(aCall());
      assert.equal(leaf.held.length, 1);
      assert.deepEqual(refusals(events), ['pushback']);
    }
  });

  it('does not make a code retryable by pushback', async () => {
    const shed = (): Outcome => aFailure(Code.RESOURCE_EXHAUSTED, { retryAfterMs: 5 });
    assert.equal(await attemptsFor(shed, {}), 1);
    assert.equal(await attemptsFor(shed, { retryableCodes: ['UNAVAILABLE', 'RESOURCE_EXHAUSTED'] }), 3);
  });

  it('gives the last failure at once when the wait does not fit the time left', async () => {
    const { clock, events, leaf, run } = setUp(() => aFailure(Code.UNAVAILABLE));
    assert.equal(codeOf(await run(aCall({ deadline: 50 }))), 'UNAVAILABLE');
    assert.deepEqual([clock.now(), leaf.held.length], [0, 1]);
    assert.deepEqual(refusals(events), ['deadline']);
  });

  it('asks the budget last, so that what is refused otherwise costs nothing', async () => {
    const budget = new RetryBudget({ reserveTokens: 1, ratio: 0 });
    for (const call of [aCall({ deadline: 10 }), aCall({ operation: sideEffects })])
      await setUp(() => aFailure(Code.UNAVAILABLE), { budget }).run(call);
    assert.equal(budget.tokens, 1);
    const { events, leaf, run } = setUp(() => aFailure(Code.UNAVAILABLE), { budget });
    await run(aCall());
    assert.equal(leaf.held.length, 2);
    assert.deepEqual(refusals(events), ['budget_exhausted']);
  });

  it('bounds an outage to the reserve and a tenth of the calls', async () => {
    const budget = new RetryBudget();
    const { leaf, run } = setUp(() => aFailure(Code.UNAVAILABLE), { budget });
    for (let call = 0; call < 500; call++) await run(aCall());
    assert.equal(leaf.held.length - 500, 10 + 50);
  });

  it('ends at once with the cancellation when cancelled while it waits', async () => {
    const { clock, leaf, handler } = setUp(() => aFailure(Code.UNAVAILABLE));
    const cancellation = new Cancellation();
    const running = handler(aCall({ cancellation }));
    await clock.advance(10);
    cancellation.cancel({ code: Code.CANCELLED, reason: 'CANCELLED', details: 'gone', origin: 'local' });
    const outcome = await running;
    assert.ok(!outcome.ok);
    assert.deepEqual([outcome.status.code, outcome.sent], [Code.CANCELLED, 'unknown']);
    assert.deepEqual([leaf.held.length, clock.pendingTimers, cancellation.listenerCount], [1, 0, 0]);
  });

  it('keeps to the number of attempts that the call itself allows', async () => {
    const limited = (limit: number): Call => aCall({ attributes: Attributes.EMPTY.with(CALL_MAX_ATTEMPTS, limit) });
    assert.equal(await attemptsFor(() => aFailure(Code.UNAVAILABLE), {}, limited(1)), 1);
    assert.equal(await attemptsFor(() => aFailure(Code.UNAVAILABLE), {}, limited(5)), 5);
  });

  it('passes a defect of the leaf on', async () => {
    const leaf = mockLeaf();
    const running = retry({}, createRuntime({ clock: new FakeClock() }))(leaf.handler)(aCall());
    leaf.last().explode(new Error('defect'));
    await assert.rejects(running, /defect/);
  });

  it('refuses settings out of range and at odds, by name', () => {
    const refused = (options: unknown, pattern: RegExp): void =>
      assert.throws(
        () => retry(options as RetryOptions, createRuntime()),
        (error) => error instanceof ConfigError && pattern.test(error.message),
      );
    refused({ maxAttempts: 0 }, /retry\.maxAttempts is 0, but must be an integer from 1 to 10/);
    refused({ maxAttempts: 2.5 }, /retry\.maxAttempts/);
    refused({ initialBackoffMs: 200, maxBackoffMs: 100 }, /at least retry\.initialBackoffMs \(200\)/);
    refused({ retryableCodes: ['OK'] }, /retry\.retryableCodes\[0\] is "OK"/);
    refused({ retryableCodes: ['UNAVAILABLE', 'NOPE'] }, /retry\.retryableCodes\[1\] is "NOPE"/);
    refused({ retryableCodes: 'UNAVAILABLE' }, /a list of status codes/);
    refused({ maxattempts: 3 }, /did you mean "maxAttempts"/);
  });
});

const pushedBack = (text: string) =>
  fail(
    { code: Code.UNAVAILABLE, details: 'shed', origin: 'remote' },
    'unknown',
    Metadata.EMPTY.with('grpc-retry-pushback-ms', text),
  );

async function attemptsFor(answer: () => Outcome, options: RetryOptions, call: Call = aCall()): Promise<number> {
  const { leaf, run } = setUp(answer, options);
  await run(call);
  return leaf.held.length;
}
