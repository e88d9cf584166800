import assert from 'node:assert/strict';
import {
  Cancellation,
  Code,
  Metadata,
  createRuntime,
  fail,
  sleep,
  succeed,
  type Call,
  type Handler,
  type Sent,
} from '@breakwater/core';
import { FakeClock, SeededRandom, aCall, anOperation } from '@breakwater/core/testing';
import fc from 'fast-check';
import { retry } from './policy.js';
import { RetryBudget } from './retry-budget.js';

/** What the far side does with one attempt. */
interface Answer {
  readonly tookMs: number;
  readonly code: Code;
  readonly attemptTimeout: boolean;
  readonly local: boolean;
  readonly sent: Sent;
  readonly pushback: string | undefined;
}

interface Scenario {
  readonly answers: readonly Answer[];
  readonly idempotent: boolean;
  readonly deadline: number;
  readonly maxAttempts: number;
  readonly budget: number;
  readonly cancelAt: number | undefined;
  readonly seed: number;
}

interface Expected {
  readonly startedAt: readonly number[];
  readonly endedAt: number;
  /** Index of the answer that is the outcome; 'cancelled' when cancelled while waiting. */
  readonly outcome: number | 'cancelled';
}

const RETRYABLE = [Code.UNAVAILABLE, Code.RESOURCE_EXHAUSTED];

/** gRFC A6 and the gate of this package, told as prose would tell it: one attempt after the other on a time line. */
function expected(scenario: Scenario): Expected {
  const random = new SeededRandom(scenario.seed);
  const startedAt: number[] = [];
  let time = 0;
  let left = scenario.budget;
  let wait = 50;
  let sawUnstarted = false;
  for (let index = 0; ; index++) {
    const answer = scenario.answers[index % scenario.answers.length] as Answer;
    startedAt.push(time);
    time += answer.tookMs;
    const stop: Expected = { startedAt, endedAt: time, outcome: index };
    if (answer.code === Code.OK || answer.local) return stop;
    if (scenario.cancelAt !== undefined && scenario.cancelAt <= time) return stop;
    if (!RETRYABLE.includes(answer.code) && !answer.attemptTimeout) return stop;
    if (answer.sent === 'unknown' && !scenario.idempotent) return stop;
    if (answer.pushback !== undefined && !/^\d+$/.test(answer.pushback)) return stop;
    if (index + 1 === scenario.maxAttempts) return stop;
    let delay: number;
    if (answer.pushback !== undefined) {
      delay = Number(answer.pushback);
      wait = 50;
    } else if (answer.sent !== 'unknown' && !sawUnstarted) {
      sawUnstarted = true;
      delay = 0;
    } else {
      delay = wait * (0.8 + 0.4 * random.next());
      wait = Math.min(wait * 2, 1000);
    }
    if (time + delay >= scenario.deadline) return stop;
    if (left === 0) return stop;
    left -= 1;
    if (delay > 0 && scenario.cancelAt !== undefined && scenario.cancelAt < time + delay) {
      return { startedAt, endedAt: scenario.cancelAt, outcome: 'cancelled' };
    }
    time += delay;
  }
}

const answers = fc.record({
  tookMs: fc.integer({ min: 0, max: 400 }),
  code: fc.oneof(
    { weight: 5, arbitrary: fc.constant(Code.UNAVAILABLE) },
    { weight: 1, arbitrary: fc.constantFrom(Code.OK, Code.RESOURCE_EXHAUSTED, Code.INTERNAL, Code.NOT_FOUND) },
  ),
  attemptTimeout: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  local: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  sent: fc.constantFrom<Sent>('unknown', 'unknown', 'no', 'refused'),
  pushback: fc.oneof(
    { weight: 5, arbitrary: fc.constant(undefined) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 300 }).map(String) },
    { weight: 1, arbitrary: fc.constantFrom('-1', 'abc', '', '1.5', ' 5') },
  ),
});

const scenarios = fc.record({
  answers: fc.array(answers, { minLength: 1, maxLength: 10, size: 'max' }),
  idempotent: fc.boolean(),
  deadline: fc.oneof(
    fc.constant(Number.POSITIVE_INFINITY),
    fc.integer({ min: 1, max: 4000 }).map((ms) => ms + 0.5),
  ),
  maxAttempts: fc.integer({ min: 1, max: 10 }),
  budget: fc.integer({ min: 0, max: 10 }),
  cancelAt: fc.oneof(
    fc.constant(undefined),
    fc.integer({ min: 1, max: 2000 }).map((ms) => ms + 0.25),
  ),
  seed: fc.integer(),
});

describe('retry against a naive model of gRFC A6', () => {
  it('starts the same attempts at the same instants and ends with the same outcome', async () => {
    await fc.assert(
      fc.asyncProperty(scenarios, async (scenario) => {
        const clock = new FakeClock();
        const cancellation = new Cancellation();
        const startedAt: number[] = [];
        const seen: Call[] = [];
        const leaf: Handler = async (call) => {
          const index = startedAt.length;
          const answer = scenario.answers[index % scenario.answers.length] as Answer;
          startedAt.push(clock.now());
          seen.push(call);
          await sleep(clock, answer.tookMs);
          if (answer.code === Code.OK) return succeed(index);
          const trailers =
            answer.pushback === undefined
              ? Metadata.EMPTY
              : Metadata.EMPTY.with('grpc-retry-pushback-ms', answer.pushback);
          const status = answer.attemptTimeout
            ? { code: Code.DEADLINE_EXCEEDED, reason: 'ATTEMPT_TIMEOUT', details: `${index}` }
            : { code: answer.code, details: `${index}` };
          return {
            ...fail({ ...status, origin: answer.local ? 'local' : 'remote' }, answer.sent, trailers),
            peer: `peer-${index}`,
          };
        };
        const runtime = createRuntime({ clock, random: new SeededRandom(scenario.seed) });
        const budget = new RetryBudget({ ratio: 0, reserveTokens: scenario.budget });
        const handler = retry(
          { maxAttempts: scenario.maxAttempts, retryableCodes: ['UNAVAILABLE', 'RESOURCE_EXHAUSTED'], budget },
          runtime,
        )(leaf);
        const operation = anOperation({ idempotency: scenario.idempotent ? 'idempotent' : 'unknown' });
        if (scenario.cancelAt !== undefined) {
          clock.setTimer(scenario.cancelAt, () =>
            cancellation.cancel({ code: Code.CANCELLED, details: 'gone', origin: 'local' }),
          );
        }
        let endedAt = -1;
        const running = handler(aCall({ operation, deadline: scenario.deadline, cancellation })).then((outcome) => {
          endedAt = clock.now();
          return outcome;
        });
        const outcome = await clock.run(running);

        const model = expected(scenario);
        const close = (a: number, b: number): boolean => Math.abs(a - b) < 1e-6;
        assert.equal(startedAt.length, model.startedAt.length);
        startedAt.forEach((at, index) =>
          assert.ok(close(at, model.startedAt[index] ?? -1), `attempt ${index} at ${at}`),
        );
        assert.ok(close(endedAt, model.endedAt), `ended at ${endedAt}, not ${model.endedAt}`);
        if (model.outcome === 'cancelled') assert.equal(!outcome.ok && outcome.status.code, Code.CANCELLED);
        else if (outcome.ok) assert.equal(outcome.value, model.outcome);
        else {
          assert.equal(outcome.status.details, `${model.outcome}`);
          assert.equal(outcome.attempts?.length, startedAt.length > 1 ? startedAt.length : undefined);
        }
        seen.forEach((call, index) => {
          assert.equal(call.attempt, index + 1);
          assert.ok(close(call.now, startedAt[index] ?? -1));
          assert.equal(call.metadata.getText('grpc-previous-rpc-attempts'), index === 0 ? undefined : String(index));
          assert.deepEqual(
            call.tried,
            seen.slice(0, index).map((_, before) => `peer-${before}`),
          );
        });
        assert.equal(cancellation.listenerCount, 0);
      }),
      { numRuns: 3 * (fc.readConfigureGlobal().numRuns ?? 100) },
    );
  });
});
