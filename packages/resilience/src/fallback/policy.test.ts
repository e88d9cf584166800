import assert from 'node:assert/strict';
import {
  Cancellation,
  Code,
  ConfigError,
  createRuntime,
  succeed,
  type Call,
  type Outcome,
  type PolicyEvent,
  type Status,
} from '@breakwater/core';
import { FakeClock, aCall, aFailure, anOperation, mockLeaf, settleMicrotasks } from '@breakwater/core/testing';
import type { FallbackOptions } from './options.js';
import { fallback } from './policy.js';

function setUp(
  options: FallbackOptions,
  answer: () => Outcome = () =>
    aFailure(Code.UNAVAILABLE, { reason: 'CIRCUIT_OPEN', origin: 'local', source: 'circuit-breaker' }),
) {
  const clock = new FakeClock();
  const runtime = createRuntime({ clock });
  const events: PolicyEvent[] = [];
  runtime.events.subscribe((event) => events.push(event));
  return { clock, events, handler: fallback(options, runtime)(mockLeaf(answer).handler) };
}

const valueOf = (outcome: Outcome): unknown => (outcome.ok ? outcome.value : `failed: ${Code[outcome.status.code]}`);

describe('fallback', () => {
  it('gives the value instead, undefined too, and says so in one event', async () => {
    const { handler, events } = setUp({ value: undefined });
    assert.deepEqual(valueOf(await handler(aCall())), undefined);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['fallback'],
    );
  });

  it('tells the function why it was called', async () => {
    let seen: Status | undefined;
    const { handler } = setUp({ fn: (status, call: Call) => ((seen = status), `for ${call.operation.method}`) });
    assert.equal(valueOf(await handler(aCall())), 'for Do');
    assert.deepEqual([seen?.reason, seen?.source], ['CIRCUIT_OPEN', 'circuit-breaker']);
  });

  it('is not asked when the call went well', async () => {
    const { handler, events } = setUp({ fn: () => assert.fail('not to be called') }, () => succeed('real'));
    assert.equal(valueOf(await handler(aCall())), 'real');
    assert.equal(events.length, 0);
  });

  it('leaves failures alone that blame the caller, unless told otherwise', async () => {
    for (const code of [Code.INVALID_ARGUMENT, Code.NOT_FOUND, Code.CANCELLED]) {
      assert.equal(valueOf(await setUp({ value: 0 }, () => aFailure(code)).handler(aCall())), `failed: ${Code[code]}`);
      assert.equal(valueOf(await setUp({ value: 0, when: () => true }, () => aFailure(code)).handler(aCall())), 0);
    }
    assert.equal(valueOf(await setUp({ value: 0, when: () => false }).handler(aCall())), 'failed: UNAVAILABLE');
  });

  it('covers unary calls only, unless told otherwise', async () => {
    const upload = aCall({ operation: anOperation({ kind: 'client_stream' }) });
    assert.equal(valueOf(await setUp({ value: 0 }).handler(upload)), 'failed: UNAVAILABLE');
    assert.equal(valueOf(await setUp({ value: 0, kinds: ['client_stream'] }).handler(upload)), 0);
  });

  it('keeps the failure, with the cause, when the function throws or rejects', async () => {
    const problem = new Error('no cache');
    const thrown: FallbackOptions['fn'] = () => {
      throw problem;
    };
    for (const fn of [thrown, async () => thrown?.({} as Status, aCall(), {} as never)]) {
      const outcome = await setUp({ fn }).handler(aCall());
      assert.ok(!outcome.ok);
      assert.deepEqual([outcome.status.code, outcome.status.cause], [Code.UNAVAILABLE, problem]);
    }
  });

  it('waits for an asynchronous function only so long, and leaves nothing behind', async () => {
    let give: (value: unknown) => void = () => {};
    const { handler, clock } = setUp({ fn: () => new Promise((resolve) => (give = resolve)), timeoutMs: 50 });
    const first = handler(aCall());
    await settleMicrotasks();
    give('late but fine');
    assert.equal(valueOf(await first), 'late but fine');
    assert.equal(clock.pendingTimers, 0);
    const second = handler(aCall());
    await clock.advance(50);
    assert.equal(valueOf(await second), 'failed: UNAVAILABLE');
  });

  it('stops waiting when the caller goes away', async () => {
    const { handler, clock } = setUp({ fn: () => new Promise(() => {}) });
    const cancellation = new Cancellation();
    const running = handler(aCall({ cancellation }));
    await settleMicrotasks();
    cancellation.cancel({ code: Code.CANCELLED, details: 'gone', origin: 'local' });
    assert.equal(valueOf(await running), 'failed: UNAVAILABLE');
    assert.deepEqual([clock.pendingTimers, cancellation.listenerCount], [0, 0]);
  });

  it('gives the last good answer for the same key while it is fresh enough', async () => {
    let up = true;
    const { handler, clock } = setUp({ staleOnError: { key: (call) => String(call.request), maxAgeMs: 1000 } }, () =>
      up ? succeed('good') : aFailure(Code.UNAVAILABLE),
    );
    await handler(aCall({ request: 'a' }));
    up = false;
    await clock.advance(1000);
    assert.equal(valueOf(await handler(aCall({ request: 'a' }))), 'good');
    assert.equal(valueOf(await handler(aCall({ request: 'b' }))), 'failed: UNAVAILABLE');
    await clock.advance(1);
    assert.equal(valueOf(await handler(aCall({ request: 'a' }))), 'failed: UNAVAILABLE');
  });

  it('does not remember what has no key', async () => {
    let up = true;
    const { handler } = setUp({ staleOnError: { key: () => undefined } }, () =>
      up ? succeed(1) : aFailure(Code.UNAVAILABLE),
    );
    await handler(aCall());
    up = false;
    assert.equal(valueOf(await handler(aCall())), 'failed: UNAVAILABLE');
  });

  it('refuses none, two, and what cannot be done, by name', () => {
    const refused = (options: unknown, pattern: RegExp): void =>
      assert.throws(
        () => setUp(options as FallbackOptions),
        (error) => error instanceof ConfigError && pattern.test(error.message),
      );
    refused({}, /exactly one of value, fn, staleOnError, but none is set/);
    refused({ value: 1, fn: () => 1 }, /value and fn are set/);
    refused({ fn: 5 }, /fallback\.fn is 5, but must be a function/);
    refused({ value: 1, kinds: ['bidi'] }, /fallback\.kinds is "bidi"/);
    refused({ staleOnError: {} }, /fallback\.staleOnError\.key is undefined/);
    refused({ staleOnError: { key: () => '', maxEntries: 0 } }, /maxEntries is 0/);
    refused({ value: 1, whem: () => true }, /did you mean "when"/);
  });
});
