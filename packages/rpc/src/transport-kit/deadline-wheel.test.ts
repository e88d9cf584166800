import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FakeClock } from '@breakwater/core/testing';
import { DeadlineWheel, type Expiring } from './deadline-wheel.js';

class Entry implements Expiring {
  wheelSlot: Expiring['wheelSlot'] = undefined;
  wheelIndex = 0;
  firedAt: number | undefined;

  constructor(
    private readonly clock: FakeClock,
    readonly deadline: number,
  ) {}

  expire(): void {
    assert.equal(this.firedAt, undefined, 'fired twice');
    this.firedAt = this.clock.now();
  }
}

describe('DeadlineWheel', () => {
  it('fires every entry that is left once, never early, and at most a slot late; removed ones never', () => {
    const step = fc.record({
      ms: fc.double({ min: 0, max: 3000, noNaN: true }),
      removeAfter: fc.option(fc.integer({ min: 0, max: 3500 })),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const clock = new FakeClock();
        const wheel = new DeadlineWheel(clock);
        const entries = steps.map(({ ms, removeAfter }) => ({ entry: new Entry(clock, ms), ms, removeAfter }));
        for (const { entry, ms } of entries) wheel.add(entry, ms, 0);
        for (let now = 0; now <= 4000; now += 10) {
          for (const { entry, removeAfter } of entries)
            if (removeAfter !== null && removeAfter <= now) wheel.remove(entry);
          clock.tick(10);
        }
        for (const { entry, ms, removeAfter } of entries) {
          if (removeAfter !== null && removeAfter + 10 < ms) assert.equal(entry.firedAt, undefined);
          else if (removeAfter === null) {
            assert.ok(
              entry.firedAt !== undefined && entry.firedAt >= ms && entry.firedAt <= ms + 10,
              `${ms} fired at ${entry.firedAt}`,
            );
          }
        }
        assert.equal(wheel.size, 0);
        assert.equal(clock.pendingTimers, 0);
      }),
    );
  });

  it('a thousand deadlines five seconds away share a handful of timers', () => {
    const clock = new FakeClock();
    const wheel = new DeadlineWheel(clock);
    for (let one = 0; one < 1000; one++) wheel.add(new Entry(clock, 5000 + one / 100), 5000 + one / 100, 0);
    assert.ok(wheel.size <= 3, `${wheel.size} timers`);
  });

  it('a timer that comes early is set again', () => {
    const clock = new FakeClock(0.4);
    const wheel = new DeadlineWheel({
      now: () => clock.now(),
      wallNow: () => 0,
      setTimer: (ms, callback) => clock.setTimer(ms - 0.9, callback),
    });
    const entry = new Entry(clock, 10);
    wheel.add(entry, 10, clock.now());
    clock.tick(9.3);
    assert.equal(entry.firedAt, undefined);
    clock.tick(5);
    assert.ok((entry.firedAt ?? 0) >= 10);
  });

  it('leaves out what has no deadline', () => {
    const wheel = new DeadlineWheel(new FakeClock());
    wheel.add(new Entry(new FakeClock(), Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY, 0);
    assert.equal(wheel.size, 0);
  });
});
