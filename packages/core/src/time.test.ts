import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Cancellation } from './cancellation.js';
import { Code } from './code.js';
import { deadlineAfter, MAX_TIMEOUT_MS } from './deadline.js';
import { sleep } from './sleep.js';
import { systemClock } from './system-clock.js';
import { FakeClock, fixedRandom, SeededRandom } from './testing/index.js';

const gone = { code: Code.CANCELLED, details: 'gone', origin: 'local' } as const;

describe('sleep', () => {
  it('is true after exactly its time', async () => {
    const clock = new FakeClock();
    let woke: boolean | undefined;
    void sleep(clock, 100).then((whole) => (woke = whole));
    await clock.advance(99);
    assert.equal(woke, undefined);
    await clock.advance(1);
    assert.equal(woke, true);
  });

  it('is false when cancelled, before or while it waits, and leaves nothing behind', async () => {
    const clock = new FakeClock();
    const cancellation = new Cancellation();
    const sleeping = sleep(clock, 100, cancellation);
    const undisturbed = sleep(clock, 0, cancellation);
    await clock.advance(0);
    assert.equal(await undisturbed, true);
    assert.equal(cancellation.listenerCount, 1);
    cancellation.cancel(gone);
    assert.equal(await sleeping, false);
    assert.equal(await sleep(clock, 100, cancellation), false);
    assert.deepEqual([clock.pendingTimers, cancellation.listenerCount], [0, 0]);
  });
});

describe('FakeClock', () => {
  it('fires timers in order of time, then of setting, each at its own instant', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: -5, max: 50 }), { maxLength: 20, size: 'max' }), async (delays) => {
        const clock = new FakeClock(7);
        const fired: [number, number][] = [];
        delays.forEach((delay, index) => clock.setTimer(delay, () => fired.push([clock.now(), index])));
        await clock.advance(50);
        const wanted = delays
          .map((delay, index): [number, number] => [7 + Math.max(0, delay), index])
          .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        assert.deepEqual(fired, wanted);
        assert.deepEqual([clock.now(), clock.pendingTimers], [57, 0]);
      }),
    );
  });

  it('fires timers set by timers within the same advance, and none that was cancelled', async () => {
    const clock = new FakeClock();
    const log: number[] = [];
    clock.setTimer(10, () => clock.setTimer(10, () => log.push(clock.now())));
    const never = clock.setTimer(15, () => assert.fail('cancelled'));
    never.cancel();
    never.cancel();
    await clock.advance(20);
    assert.deepEqual(log, [20]);
  });

  it('lets promises settle between two timers', async () => {
    const clock = new FakeClock();
    const log: string[] = [];
    clock.setTimer(1, () => void Promise.resolve().then(() => log.push('promise')));
    clock.setTimer(2, () => log.push('timer'));
    await clock.advance(2);
    assert.deepEqual(log, ['promise', 'timer']);
    clock.setTimer(1, () => log.push('ticked'));
    clock.tick(1);
    assert.equal(log.at(-1), 'ticked');
  });

  it('runs to the end of a promise, and says so when no timer can bring it about', async () => {
    const clock = new FakeClock();
    assert.equal(await clock.run(sleep(clock, 1e9)), true);
    assert.equal(clock.now(), 1e9);
    await assert.rejects(clock.run(new Promise(() => {})), /waits for something that is no timer/);
    await assert.rejects(clock.run(Promise.reject(new Error('failed'))), /failed/);
  });
});

describe('systemClock', () => {
  it('does not fire a timer of a month at once, which bare Node does', async () => {
    let fired = false;
    const timer = systemClock.setTimer(30 * MAX_TIMEOUT_MS, () => (fired = true), { ref: false });
    await new Promise<void>((resolve) => systemClock.setTimer(5, resolve));
    assert.equal(fired, false);
    timer.cancel();
    timer.cancel();
  });

  it('fires a negative delay, goes forward only, and does not fire what was cancelled', async () => {
    const before = systemClock.now();
    const cancelled = systemClock.setTimer(0, () => assert.fail('cancelled'));
    cancelled.cancel();
    await new Promise<void>((resolve) => systemClock.setTimer(-5, resolve));
    assert.ok(systemClock.now() >= before);
    assert.ok(systemClock.wallNow() > 1.6e12);
  });
});

describe('deadlineAfter', () => {
  it('is capped at 24 hours, and Infinity stays', () => {
    assert.equal(deadlineAfter(10, 5), 15);
    assert.equal(deadlineAfter(10, MAX_TIMEOUT_MS * 26), 10 + MAX_TIMEOUT_MS);
    assert.equal(deadlineAfter(10, Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY);
  });
});

describe('randomness for tests', () => {
  it('is reproducible, and spread over [0, 1)', () => {
    const [a, b] = [new SeededRandom(5), new SeededRandom(5)];
    const numbers = Array.from({ length: 1000 }, () => a.next());
    for (const number of numbers) {
      assert.equal(b.next(), number);
      assert.ok(number >= 0 && number < 1);
    }
    for (let tenth = 0; tenth < 10; tenth++) {
      const share = numbers.filter((number) => Math.floor(number * 10) === tenth).length;
      assert.ok(share > 50 && share < 150, `${share} of 1000 in tenth ${tenth}`);
    }
    assert.equal(fixedRandom(0.25).next(), 0.25);
  });
});
