import assert from 'node:assert/strict';
import { Cancellation, Code, ConfigError, RpcError, createRuntime, type Outcome } from '@breakwater/core';
import { FakeClock, aCall, mockLeaf, type MockLeaf } from '@breakwater/core/testing';
import type { PaceOptions } from './options.js';
import { pace, type PaceJobOptions } from './pace.js';
import { paced } from './policy.js';

const cancelled = { code: Code.CANCELLED, reason: 'CANCELLED', details: 'gone', origin: 'local' } as const;

function setUp(options: PaceOptions) {
  const clock = new FakeClock();
  const runtime = createRuntime({ clock });
  return { clock, runtime, pacer: pace(options, runtime) };
}

/** A task that runs until it is told to end. */
function gate() {
  let end: () => void = () => {};
  let begun: () => void = () => {};
  const started = new Promise<void>((resolve) => (begun = resolve));
  const ended = new Promise<void>((resolve) => (end = resolve));
  return { started, end: () => end(), task: () => (begun(), ended) };
}

const pollOnce = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const arrived = async (leaf: MockLeaf, count: number): Promise<void> => {
  while (leaf.held.length < count) await pollOnce();
};

describe('pace', () => {
  it('starts the more urgent first and keeps the order within a priority, without a limit on concurrency too', async () => {
    for (const options of [{ maxConcurrent: 1 }, { minTimeMs: 2 }]) {
      const { pacer } = setUp(options);
      const order: string[] = [];
      const job = (name: string, priority?: number) => pacer.schedule(() => order.push(name), { priority });
      await Promise.all([job('c1', 9), job('b1'), job('b2'), job('a1', 0), job('c2', 9), job('a2', 0)]);
      assert.deepEqual(order, ['a1', 'a2', 'b1', 'b2', 'c1', 'c2']);
      await pacer.close();
    }
  });

  it('has no more than maxConcurrent in progress', async () => {
    const { pacer } = setUp({ maxConcurrent: 2 });
    let now = 0;
    let most = 0;
    let goOn: (() => void)[] = [];
    // Ends only together with a second one: eight of them end only if two can run side by side.
    const task = async (): Promise<void> => {
      now += 1;
      most = Math.max(most, now);
      const both = new Promise<void>((resolve) => goOn.push(resolve));
      if (goOn.length === 2) {
        for (const end of goOn) end();
        goOn = [];
      }
      await both;
      now -= 1;
    };
    await Promise.all(Array.from({ length: 8 }, () => pacer.schedule(task)));
    assert.equal(most, 2);
    await pacer.close();
  });

  it('gives what the task gives, and rejects with what it throws', async () => {
    const { pacer } = setUp({ perSecond: 1000 });
    assert.equal(await pacer.schedule(async () => 'value'), 'value');
    await assert.rejects(
      pacer.schedule(() => assert.fail('task failed')),
      /task failed/,
    );
    assert.equal(await pacer.schedule(() => 'still going'), 'still going');
    await pacer.close();
  });

  it('refuses at once when as many wait as may', async () => {
    const { pacer } = setUp({ maxConcurrent: 1, queue: 1, minTimeMs: 3 });
    const { started, task, end } = gate();
    const running = pacer.schedule(task);
    await started;
    const waiting = pacer.schedule(() => 'waited');
    await assert.rejects(
      pacer.schedule(() => assert.fail()),
      (error) => {
        assert.ok(error instanceof RpcError);
        const { code, reason, origin, source, retryAfterMs } = error;
        assert.deepEqual(
          { code, reason, origin, source, retryAfterMs },
          { code: Code.RESOURCE_EXHAUSTED, reason: 'PACE_FULL', origin: 'local', source: 'pace', retryAfterMs: 3 },
        );
        return true;
      },
    );
    end();
    await running;
    assert.equal(await waiting, 'waited');
    await pacer.close();
  });

  it('takes out of the queue what times out or is cancelled, and starts the rest undisturbed', async () => {
    const { pacer, clock } = setUp({ maxConcurrent: 1 });
    const { started, task, end } = gate();
    const running = pacer.schedule(task);
    await started;
    const cancellation = new Cancellation();
    const never = (options: PaceJobOptions) => pacer.schedule(() => assert.fail('must not run'), options);
    const codeOf = (job: Promise<unknown>) =>
      job.then(
        () => 'ran',
        (error: RpcError) => `${Code[error.code]} ${error.reason}`,
      );
    const left = Promise.all([
      codeOf(never({ timeoutMs: 10 })),
      codeOf(never({ cancellation, timeoutMs: 1000 })),
      codeOf(never({ timeoutMs: 10, priority: 0 })),
    ]);
    const last = pacer.schedule(() => 'last');
    assert.equal(pacer.waiting, 4);
    await clock.advance(10);
    cancellation.cancel(cancelled);
    assert.equal(pacer.waiting, 1);
    assert.deepEqual(await left, [
      'DEADLINE_EXCEEDED PACE_TIMEOUT',
      'CANCELLED CANCELLED',
      'DEADLINE_EXCEEDED PACE_TIMEOUT',
    ]);
    assert.deepEqual([clock.pendingTimers, cancellation.listenerCount], [0, 0]);
    end();
    await running;
    assert.equal(await last, 'last');
    assert.equal(await codeOf(never({ cancellation })), 'CANCELLED CANCELLED');
    await pacer.close();
  });

  it('spends no start on work that has left', async () => {
    const { pacer } = setUp({ minTimeMs: 50 });
    const cancellation = new Cancellation();
    const leaving = Array.from({ length: 500 }, () => pacer.turn({ cancellation }));
    cancellation.cancel(cancelled);
    for (const turn of await Promise.all(leaving)) assert.equal(turn.granted, false);
    // Had each of them kept its start, the next would come after 25 s and this test would time out.
    assert.equal(await pacer.schedule(() => 'soon'), 'soon');
    await pacer.close();
  });

  it('closes at once, at whatever point the next start has been prepared', async () => {
    for (let turns = 0; turns < 40; turns++) {
      const { pacer } = setUp({ perSecond: 0.001 });
      await pacer.schedule(() => 'the first start comes at once');
      const waiting = assert.rejects(
        pacer.schedule(() => assert.fail()),
        /PACE_CLOSED/,
      );
      for (let turn = 0; turn < turns * 5; turn++) await pollOnce();
      await pacer.close();
      await waiting;
    }
  });

  it('refuses what waits when it is closed, lets what runs end', async () => {
    const { pacer } = setUp({ maxConcurrent: 1 });
    const { started, task, end } = gate();
    const running = pacer.schedule(task);
    await started;
    const waiting = assert.rejects(
      pacer.schedule(() => assert.fail()),
      /PACE_CLOSED/,
    );
    let closed = false;
    const closing = pacer.close().then(() => (closed = true));
    await waiting;
    await assert.rejects(
      pacer.schedule(() => assert.fail()),
      /PACE_CLOSED/,
    );
    assert.equal(closed, false);
    end();
    await running;
    await Promise.all([closing, pacer.close()]);
  });

  it('refuses settings that say nothing, say it twice, or are out of range, by name', async () => {
    const refused = (options: unknown, pattern: RegExp): void =>
      assert.throws(
        () => setUp(options as PaceOptions),
        (error) => error instanceof ConfigError && pattern.test(error.message),
      );
    refused({}, /pace needs perSecond, minTimeMs or maxConcurrent/);
    refused({ perSecond: 5, minTimeMs: 5 }, /remove one/);
    refused({ perSecond: 0 }, /pace\.perSecond is 0/);
    refused({ maxConcurent: 1 }, /did you mean "maxConcurrent"/);
    const { pacer } = setUp({ maxConcurrent: 1 });
    await assert.rejects(
      pacer.schedule(() => 1, { priority: 10 }),
      /pace\.priority is 10, but must be an integer from 0 to 9/,
    );
    await pacer.close();
  });
});

describe('paced', () => {
  it('keeps the turn until the outcome and starts by priority', async () => {
    const { pacer, runtime } = setUp({ maxConcurrent: 1 });
    const leaf = mockLeaf();
    const handler = paced(pacer, runtime, (call) => call.request as number)(leaf.handler);
    const running = [5, 9, 0].map((request) => handler(aCall({ request })));
    for (let count = 1; count <= 3; count++) {
      await arrived(leaf, count);
      assert.equal(leaf.held.length, count);
      leaf.last().succeed(leaf.last().call.request);
    }
    assert.ok((await Promise.all(running)).every(({ ok }) => ok));
    assert.deepEqual(
      leaf.held.map(({ call }) => call.request),
      [0, 5, 9],
    );
    await pacer.close();
  });

  it('ends the wait at the deadline or on cancellation, without calling the leaf', async () => {
    const { pacer, runtime, clock } = setUp({ maxConcurrent: 1 });
    const leaf = mockLeaf();
    const handler = paced(pacer, runtime)(leaf.handler);
    const running = handler(aCall());
    await arrived(leaf, 1);
    const cancellation = new Cancellation();
    const waiting = [handler(aCall({ deadline: 20 })), handler(aCall({ cancellation }))];
    await clock.advance(20);
    cancellation.cancel(cancelled);
    const codes = (await Promise.all(waiting)).map((outcome: Outcome) =>
      outcome.ok ? 'OK' : `${Code[outcome.status.code]} ${outcome.status.origin} ${outcome.sent}`,
    );
    assert.deepEqual(codes, ['DEADLINE_EXCEEDED local no', 'CANCELLED local no']);
    assert.equal(leaf.held.length, 1);
    leaf.last().succeed();
    await running;
    await pacer.close();
  });

  it('gives the turn back when the leaf throws', async () => {
    const { pacer, runtime } = setUp({ maxConcurrent: 1 });
    const leaf = mockLeaf();
    const handler = paced(pacer, runtime)(leaf.handler);
    const broken = handler(aCall());
    await arrived(leaf, 1);
    leaf.last().explode(new Error('defect'));
    await assert.rejects(broken, /defect/);
    const next = handler(aCall());
    await arrived(leaf, 2);
    leaf.last().succeed();
    assert.ok((await next).ok);
    await pacer.close();
  });
});
