import assert from 'node:assert/strict';
import {
  Code,
  Metadata,
  createRuntime,
  succeed,
  type Call,
  type Handler,
  type Outcome,
  type PolicyEvent,
  type ResponseSink,
} from '@breakwater/core';
import { FakeClock, aCall, aFailure, anOperation, fixedRandom } from '@breakwater/core/testing';
import type { RetryOptions } from './options.js';
import { retry } from './policy.js';

const refusals = (events: readonly PolicyEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'retry_refused' ? [event.why] : []));

describe('retry of streams', () => {
  const bidi = anOperation({ kind: 'bidi' });
  const aSink = (): ResponseSink & { readonly got: unknown[] } => {
    const got: unknown[] = [];
    return { got, headers: () => void got.push('headers'), message: (message) => (got.push(message), true) };
  };
  async function* messages(...list: readonly unknown[]): AsyncGenerator<unknown> {
    yield* list;
  }
  /** Reads `reads[i]` requests in attempt i, and in the last all; then says what `answer` says. */
  const reading = (reads: readonly number[], answer: (index: number, call: Call) => Outcome) => {
    const seen: unknown[][] = [];
    const handler: Handler = async (call) => {
      const index = seen.length;
      const taken: unknown[] = [];
      seen.push(taken);
      const limit = reads[index] ?? Number.POSITIVE_INFINITY;
      if (limit > 0) {
        for await (const message of call.requests ?? []) {
          taken.push(message);
          if (taken.length >= limit) break;
        }
      }
      return answer(index, call);
    };
    return { seen, handler };
  };
  const run = (handler: Handler, call: Call, options: RetryOptions = {}) => {
    const clock = new FakeClock();
    const runtime = createRuntime({ clock, random: fixedRandom(0.5) });
    const events: PolicyEvent[] = [];
    runtime.events.subscribe((event) => events.push(event));
    return clock.run(retry(options, runtime)(handler)(call)).then((outcome) => ({ outcome, events }));
  };

  it('replays the request stream from its start', async () => {
    const { seen, handler } = reading([2, 0], (index) => (index < 2 ? aFailure(Code.UNAVAILABLE) : succeed('done')));
    const { outcome } = await run(handler, aCall({ operation: bidi, requests: messages(1, 2, 3), responses: aSink() }));
    assert.ok(outcome.ok);
    assert.deepEqual(seen, [[1, 2], [], [1, 2, 3]]);
  });

  it('is committed by the first headers or message, and passes on what comes', async () => {
    for (const say of [
      (sink: ResponseSink) => sink.headers(Metadata.EMPTY),
      (sink: ResponseSink) => void sink.message('one'),
    ]) {
      const sink = aSink();
      const { seen, handler } = reading([], (_, call) => {
        say(call.responses as ResponseSink);
        return aFailure(Code.UNAVAILABLE);
      });
      const { outcome, events } = await run(handler, aCall({ operation: bidi, requests: messages(), responses: sink }));
      assert.equal(!outcome.ok && outcome.status.code, Code.UNAVAILABLE);
      assert.deepEqual([seen.length, sink.got.length], [1, 1]);
      assert.deepEqual(refusals(events), ['committed']);
    }
  });

  it('is committed when the request stream outgrows the replay buffer', async () => {
    const { seen, handler } = reading([3], () => aFailure(Code.UNAVAILABLE));
    const { events } = await run(
      handler,
      aCall({ operation: bidi, requests: messages(1, 2, 3, 4), responses: aSink() }),
      { replayBufferMessages: 2 },
    );
    assert.equal(seen.length, 1);
    assert.deepEqual(refusals(events), ['committed']);
  });

  it('drops what an earlier attempt still says', async () => {
    const sink = aSink();
    const sinks: ResponseSink[] = [];
    const { handler } = reading([], (index, call) => {
      sinks.push(call.responses as ResponseSink);
      if (index === 0) return aFailure(Code.UNAVAILABLE);
      sinks[0]?.headers(Metadata.EMPTY);
      assert.equal(sinks[0]?.message('stale'), true);
      void sinks[1]?.message('fresh');
      return succeed(undefined);
    });
    await run(handler, aCall({ operation: bidi, requests: messages(), responses: sink }));
    void sinks[1]?.message('after the end');
    assert.deepEqual(sink.got, ['fresh']);
  });

  it('says "attempts exhausted", not "committed", when the last attempt let its messages go', async () => {
    const { handler } = reading([], () => aFailure(Code.UNAVAILABLE));
    const { events } = await run(handler, aCall({ operation: bidi, requests: messages(1, 2), responses: aSink() }), {
      maxAttempts: 2,
    });
    assert.deepEqual(refusals(events), ['attempts_exhausted']);
  });

  it('closes the request stream when the call is over, also when the leaf throws', async () => {
    let closed = 0;
    async function* endless(): AsyncGenerator<number> {
      try {
        for (;;) yield 1;
      } finally {
        closed += 1;
      }
    }
    const broken: Handler = async (call) => {
      await call.requests?.[Symbol.asyncIterator]().next();
      throw new Error('defect');
    };
    await assert.rejects(run(broken, aCall({ operation: bidi, requests: endless(), responses: aSink() })), /defect/);
    const { handler } = reading([1, 1, 1], () => aFailure(Code.UNAVAILABLE));
    await run(handler, aCall({ operation: bidi, requests: endless(), responses: aSink() }));
    assert.equal(closed, 2);
  });
});
