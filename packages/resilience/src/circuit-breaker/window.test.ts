import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CountWindow, TimeWindow } from './window.js';

interface Recorded {
  readonly at: number;
  readonly failed: boolean;
  readonly slow: boolean;
}

const sum = (log: readonly Recorded[]): object => ({
  calls: log.length,
  failures: log.filter((one) => one.failed).length,
  slow: log.filter((one) => one.slow).length,
});

const steps = fc.array(
  fc.record({
    gapMs: fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 0, max: 300 }) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 100_000 }) },
    ),
    failed: fc.boolean(),
    slow: fc.boolean(),
  }),
  { maxLength: 200, size: 'max' },
);

describe('CountWindow', () => {
  it('sums exactly the last so many calls, whenever they were', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), steps, (size, history) => {
        const window = new CountWindow(size);
        const log: Recorded[] = [];
        for (const { failed, slow } of history) {
          window.record(0, failed, slow);
          log.push({ at: 0, failed, slow });
          assert.deepEqual({ ...window.totals() }, sum(log.slice(-size)));
        }
      }),
    );
  });
});

describe('TimeWindow', () => {
  it('sums exactly the calls of the last ten tenths, also before the zero point and after idle gaps', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(10, 1000, 10_000),
        fc.integer({ min: -50_000, max: 50_000 }),
        steps,
        (windowMs, start, history) => {
          const window = new TimeWindow(windowMs);
          const tenth = windowMs / 10;
          const log: Recorded[] = [];
          let now = start;
          for (const { gapMs, failed, slow } of history) {
            now += gapMs;
            const oldest = Math.floor(now / tenth) * tenth - 9 * tenth;
            assert.deepEqual({ ...window.totals(now) }, sum(log.filter((one) => one.at >= oldest)));
            window.record(now, failed, slow);
            log.push({ at: now, failed, slow });
          }
        },
      ),
    );
  });

  it('has forgotten every failure of before a ten-minute gap', () => {
    const window = new TimeWindow(10_000);
    for (let call = 0; call < 19; call++) window.record(0, true, false);
    window.record(600_000, false, false);
    assert.deepEqual({ ...window.totals(600_000) }, { calls: 1, failures: 0, slow: 0 });
  });
});
