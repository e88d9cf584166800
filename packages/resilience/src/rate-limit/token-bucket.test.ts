import assert from 'node:assert/strict';
import { ConfigError } from '@breakwater/core';
import fc from 'fast-check';
import { KeyedLimiter } from './keyed-limiter.js';
import { TokenBucket } from './token-bucket.js';

/** Arrival-curve definition of a rate limit: no stretch of time has more calls than the burst and what it earned. */
class ArrivalCurve {
  private readonly admittedAt: number[] = [];

  constructor(
    private readonly intervalMs: number,
    private readonly burst: number,
  ) {}

  admits(now: number): boolean {
    return this.admittedAt.every((start, index) => {
      const calls = this.admittedAt.length - index + 1;
      return (calls - this.burst) * this.intervalMs <= now - start;
    });
  }

  admit(now: number): void {
    this.admittedAt.push(now);
  }
}

const rates = fc.record({ intervalMs: fc.constantFrom(1, 3, 7, 10, 100, 1000), burst: fc.integer({ min: 1, max: 8 }) });
const gaps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 0, max: 30 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 3000 }) },
  ),
  { maxLength: 150, size: 'max' },
);

function followsTheCurve(
  tryTake: (now: number) => number,
  curve: ArrivalCurve,
  start: number,
  steps: readonly number[],
): void {
  let now = start;
  for (const gap of steps) {
    now += gap;
    const waitMs = tryTake(now);
    assert.equal(waitMs === 0, curve.admits(now), `at ${now}`);
    if (waitMs === 0) curve.admit(now);
    else {
      assert.ok(curve.admits(now + waitMs), 'waiting as told must be enough');
      assert.ok(!curve.admits(now + waitMs - 1), 'a shorter wait must not be');
    }
  }
}

describe('TokenBucket', () => {
  it('a drained bucket admits again after exactly one refill interval', () => {
    const bucket = new TokenBucket({ burst: 1, perSecond: 10 }, 0);
    assert.equal(bucket.tryTake(0), 0);
    assert.equal(bucket.tryTake(0), 100);
    assert.equal(bucket.tryTake(99), 1);
    assert.equal(bucket.tryTake(100), 0);
  });

  it('admits exactly what the arrival curve allows and tells the shortest sufficient wait', () => {
    fc.assert(
      fc.property(rates, gaps, fc.integer({ min: -1000, max: 1_000_000 }), ({ intervalMs, burst }, steps, start) => {
        const bucket = new TokenBucket({ burst, perSecond: 1000 / intervalMs }, start);
        followsTheCurve((now) => bucket.tryTake(now), new ArrivalCurve(intervalMs, burst), start, steps);
      }),
    );
  });

  it('earns nothing from a clock that jumps back and forth', () => {
    const bucket = new TokenBucket({ burst: 1, perSecond: 10 }, 0);
    bucket.tryTake(50);
    for (let jump = 0; jump < 100; jump++) assert.notEqual(bucket.tryTake(jump % 2 === 0 ? -1000 : 50), 0);
    assert.equal(bucket.tryTake(150), 0);
  });

  it('refuses rates out of range by name', () => {
    for (const rate of [
      { burst: 0, perSecond: 1 },
      { burst: 1.5, perSecond: 1 },
      { burst: 1, perSecond: 0 },
      { burst: 1, perSecond: Number.POSITIVE_INFINITY },
    ]) {
      assert.throws(() => new TokenBucket(rate, 0), ConfigError);
    }
  });
});

describe('KeyedLimiter', () => {
  it('limits each key by itself, exactly as the arrival curve allows', () => {
    const uses = fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), gapMs: fc.integer({ min: 0, max: 40 }) }), {
      maxLength: 150,
      size: 'max',
    });
    fc.assert(
      fc.property(rates, uses, ({ intervalMs, burst }, steps) => {
        const limiter = new KeyedLimiter({ burst, perSecond: 1000 / intervalMs }, 100);
        const curves = new Map(['a', 'b', 'c'].map((key) => [key, new ArrivalCurve(intervalMs, burst)]));
        let now = 0;
        for (const { key, gapMs } of steps) {
          now += gapMs;
          const curve = curves.get(key);
          assert.ok(curve);
          followsTheCurve((at) => limiter.tryTake(key, at), curve, now, [0]);
        }
      }),
    );
  });

  it('never remembers more keys than it may, and inventing keys buys no more than one extra burst', () => {
    fc.assert(
      fc.property(
        rates,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 200 }),
        ({ intervalMs, burst }, maxKeys, invented) => {
          const limiter = new KeyedLimiter({ burst, perSecond: 1000 / intervalMs }, maxKeys);
          let admitted = 0;
          for (let key = 0; key < invented; key++) {
            for (let call = 0; call < burst + 1; call++) if (limiter.tryTake(`key-${key}`, 0) === 0) admitted += 1;
            assert.ok(limiter.size <= maxKeys);
          }
          assert.equal(admitted, Math.min(invented, maxKeys + 1) * burst);
        },
      ),
    );
  });

  it('forgets a key that has been idle until it was full again, without a timer', () => {
    const limiter = new KeyedLimiter({ burst: 2, perSecond: 10 }, 2);
    limiter.tryTake('a', 0);
    limiter.tryTake('b', 50);
    limiter.tryTake('c', 100);
    assert.equal(limiter.size, 2);
    limiter.tryTake('d', 10_000);
    assert.equal(limiter.size, 1);
  });
});
