import assert from 'node:assert/strict';
import {
  Cancellation,
  Code,
  createRuntime,
  sleep,
  stack,
  succeed,
  type Call,
  type Handler,
  type Outcome,
  type Sent,
} from '@breakwater/core';
import { FakeClock, SeededRandom, aCall, aFailure, anOperation } from '@breakwater/core/testing';
import fc from 'fast-check';
import {
  RetryBudget,
  attemptTimeout,
  bulkhead,
  circuitBreaker,
  deadline,
  fallback,
  rateLimit,
  retry,
} from './index.js';

interface Options {
  readonly queue?: number;
  readonly fallback?: boolean;
}

/** The client's stack of policies in its documented order, all positions filled, around `leaf`. */
function client(leaf: Handler, options: Options = {}) {
  const clock = new FakeClock();
  const runtime = createRuntime({ clock, random: new SeededRandom(1) });
  const budget = new RetryBudget();
  const breaker = circuitBreaker({}, runtime, { name: 'target' });
  const limit = bulkhead({ maxInFlight: 4, maxStreams: 4, queue: options.queue ?? 0 }, runtime);
  const handler = stack(
    deadline({}, runtime),
    ...(options.fallback === true ? [fallback({ value: 'instead' }, runtime)] : []),
    limit,
    retry({ budget }, runtime),
    breaker,
    rateLimit({ perSecond: 1000 }, runtime),
    attemptTimeout({ timeoutMs: 300 }, runtime),
  )(leaf);
  const call = (overrides: Partial<Call> = {}): Promise<Outcome> => handler(aCall({ now: clock.now(), ...overrides }));
  return { clock, budget, breaker: breaker.breaker, limit, call };
}

describe('the policies together', () => {
  it('turn an outage into few attempts, recover with one probe, and answer instead all the while', async () => {
    let up = true;
    let attempts = 0;
    const { clock, breaker, call } = client(
      async () => {
        attempts += 1;
        return up ? succeed('real') : aFailure(Code.UNAVAILABLE);
      },
      { fallback: true },
    );
    for (let second = 0; second < 5; second++) {
      for (let count = 0; count < 20; count++) assert.deepEqual((await call()).ok && 'ok', 'ok');
      await clock.advance(1000);
    }
    assert.equal(attempts, 100);
    up = false;
    attempts = 0;
    for (let count = 0; count < 1000; count++) {
      const outcome = await clock.run(call());
      assert.equal(outcome.ok && outcome.value, 'instead');
      await clock.advance(10);
    }
    assert.equal(breaker.snapshot(clock.now()).state, 'open');
    assert.ok(attempts < 150, `${attempts} attempts in an outage of 1000 calls`);
    up = true;
    await clock.advance(1000);
    attempts = 0;
    const outcome = await call();
    assert.equal(outcome.ok && outcome.value, 'real');
    assert.deepEqual([attempts, breaker.snapshot(clock.now()).state], [1, 'closed']);
  });

  it('end a rejection of the open breaker at once, without a retry', async () => {
    let attempts = 0;
    const { clock, breaker, call } = client(async () => {
      attempts += 1;
      return succeed(1);
    });
    breaker.isolate();
    const outcome = await call();
    assert.ok(!outcome.ok);
    assert.deepEqual(
      [outcome.status.reason, outcome.attempts, attempts, clock.pendingTimers],
      ['CIRCUIT_ISOLATED', undefined, 0, 0],
    );
  });

  it('leave nothing held, waiting or listening, whatever happens to the calls', async () => {
    const fate = fc.record({
      gapMs: fc.integer({ min: 0, max: 100 }),
      tookMs: fc.integer({ min: 0, max: 400 }),
      end: fc.constantFrom('ok', 'ok', 'unavailable', 'caller', 'throws', 'hangs'),
      sent: fc.constantFrom<Sent>('unknown', 'no', 'refused'),
      kind: fc.constantFrom('unary' as const, 'server_stream' as const),
      speaks: fc.boolean(),
      cancelAfterMs: fc.oneof(fc.constant(undefined), fc.integer({ min: 0, max: 500 })),
      timeoutMs: fc.constantFrom(50, 500, Number.POSITIVE_INFINITY),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 3 }),
        fc.array(fate, { maxLength: 30, size: 'max' }),
        async (queue, fates) => {
          const clockOf: { now?: FakeClock } = {};
          // Enforces deadline and cancellation, as a transport does.
          const leaf: Handler = async (call) => {
            const clock = clockOf.now as FakeClock;
            const { tookMs, end, sent, speaks } = fates[call.request as number] as (typeof fates)[number];
            if (speaks) void call.responses?.message('one');
            const limitMs = Math.min(end === 'hangs' ? Number.POSITIVE_INFINITY : tookMs, call.deadline - clock.now());
            const whole = await sleep(clock, Math.min(limitMs, 3_600_000), call.cancellation);
            if (!whole) return aFailure(Code.CANCELLED, { origin: 'local' });
            if (clock.now() >= call.deadline) return aFailure(Code.DEADLINE_EXCEEDED, { reason: 'DEADLINE_EXCEEDED' });
            if (end === 'throws') throw new Error('defect');
            if (end === 'unavailable') return aFailure(Code.UNAVAILABLE, { sent });
            return end === 'caller' ? aFailure(Code.NOT_FOUND) : succeed(1);
          };
          const { clock, limit, call } = client(leaf, { queue });
          clockOf.now = clock;
          const cancellations: Cancellation[] = [];
          const running: Promise<unknown>[] = [];
          for (const [request, { gapMs, kind, cancelAfterMs, timeoutMs }] of fates.entries()) {
            await clock.advance(gapMs);
            const cancellation = new Cancellation();
            cancellations.push(cancellation);
            const responses = kind === 'unary' ? undefined : { headers: () => {}, message: () => true as const };
            const operation = anOperation({ kind });
            const one = call({ request, operation, responses, cancellation, deadline: clock.now() + timeoutMs });
            running.push(one.catch((error: Error) => assert.equal(error.message, 'defect')));
            if (cancelAfterMs !== undefined) {
              const status = { code: Code.CANCELLED, details: 'gone', origin: 'local' } as const;
              clock.setTimer(cancelAfterMs, () => cancellation.cancel(status));
            }
          }
          await clock.run(Promise.all(running));
          await clock.advance(1000);
          assert.deepEqual(
            [limit.calls.inFlight, limit.streams.inFlight, limit.calls.waiting, limit.streams.waiting],
            [0, 0, 0, 0],
          );
          assert.equal(clock.pendingTimers, 0);
          for (const cancellation of cancellations) assert.equal(cancellation.listenerCount, 0);
        },
      ),
    );
  });
});
