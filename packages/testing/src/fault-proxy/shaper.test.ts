import assert from 'node:assert/strict';
import { fixedRandom, SeededRandom } from '@breakwater/core/testing';
import fc from 'fast-check';
import type { Fault } from './fault.js';
import type { ActiveFault } from './fault-set.js';
import { Shaper } from './shaper.js';

const on = (...faults: readonly Fault[]): readonly ActiveFault[] => faults.map((fault) => ({ fault, addedAt: 0 }));
const aShaper = (): Shaper => new Shaper(fixedRandom(0.5), 0);
const bytes = (size: number): Buffer => Buffer.alloc(size, 'x');

/** Lets time run from step to step. @returns what passed, and when; then how it ended, if it did */
function play(
  shaper: Shaper,
  active: readonly ActiveFault[],
  now = 0,
): readonly (readonly [number, number | string])[] {
  const log: (readonly [number, number | string])[] = [];
  for (;;) {
    const step = shaper.next(now, active);
    if (step.kind === 'pass') log.push([now, step.bytes.length]);
    else if (step.kind === 'wait') {
      if (step.until === Number.POSITIVE_INFINITY) return log;
      assert.ok(step.until > now, `waits at ${now} until ${step.until}`);
      now = step.until;
    } else {
      log.push([now, step.kind]);
      if (step.kind !== 'end') return log;
    }
  }
}

describe('Shaper', () => {
  it('without faults passes everything at once, and the end after it', () => {
    const shaper = aShaper();
    shaper.push(bytes(3), 0);
    shaper.push(bytes(4), 0);
    shaper.finish('end', 0);
    assert.deepEqual(play(shaper, []), [
      [0, 3],
      [0, 4],
      [0, 'end'],
    ]);
    assert.equal(shaper.bufferedBytes, 0);
  });

  it('a reset loses what waits', () => {
    const shaper = aShaper();
    shaper.push(bytes(3), 0);
    shaper.finish('reset', 0);
    assert.deepEqual(play(shaper, on({ kind: 'latency', delayMs: 10 })), [[0, 'reset']]);
    assert.equal(shaper.bufferedBytes, 0);
  });

  it('latency delays each chunk from its own arrival, so that delays overlap', () => {
    const shaper = aShaper();
    shaper.push(bytes(1), 0);
    shaper.push(bytes(1), 30);
    assert.deepEqual(play(shaper, on({ kind: 'latency', delayMs: 100 })), [
      [100, 1],
      [130, 1],
    ]);
  });

  it('jitter stays within its bounds and never changes the order', () => {
    const shaper = new Shaper(new SeededRandom(7), 0);
    for (let i = 1; i <= 200; i += 1) shaper.push(Buffer.alloc(i), 0);
    const log = play(shaper, on({ kind: 'latency', delayMs: 100, jitterMs: 40 }));
    assert.deepEqual(
      log.map(([, size]) => size),
      Array.from({ length: 200 }, (_, i) => i + 1),
    );
    assert.ok(log.every(([at]) => at >= 60 && at <= 140));
    assert.ok((log.at(-1)?.[0] ?? 0) > 130, 'a late chunk holds up those behind it');
  });

  it('several latencies add up, and a removed one lets go of what waits', () => {
    const shaper = aShaper();
    shaper.push(bytes(1), 0);
    const both = on({ kind: 'latency', delayMs: 100 }, { kind: 'latency', delayMs: 20 });
    assert.deepEqual(shaper.next(50, both), { kind: 'wait', until: 120 });
    assert.equal(shaper.next(50, both.slice(1)).kind, 'pass');
  });

  it('bandwidth takes as long as the bytes need, in slices of 100 ms', () => {
    const shaper = aShaper();
    shaper.push(bytes(250), 0);
    assert.deepEqual(play(shaper, on({ kind: 'bandwidth', bytesPerSecond: 1000 })), [
      [100, 100],
      [200, 100],
      [250, 50],
    ]);
  });

  it('an idle link saves nothing up', () => {
    const shaper = aShaper();
    const slow = on({ kind: 'bandwidth', bytesPerSecond: 1000 });
    shaper.push(bytes(100), 0);
    play(shaper, slow);
    shaper.push(bytes(100), 5000);
    assert.deepEqual(play(shaper, slow, 5000), [[5100, 100]]);
  });

  it('a black hole keeps everything, also the end, and lets it go when it is removed', () => {
    const shaper = aShaper();
    shaper.push(bytes(2), 0);
    shaper.finish('end', 0);
    assert.deepEqual(play(shaper, on({ kind: 'black_hole' })), []);
    assert.deepEqual(play(shaper, [], 1000), [
      [1000, 2],
      [1000, 'end'],
    ]);
  });

  it('not even a reset gets out of a black hole', () => {
    const shaper = aShaper();
    shaper.finish('reset', 0);
    assert.deepEqual(play(shaper, on({ kind: 'black_hole' })), []);
    assert.deepEqual(play(shaper, []), [[0, 'reset']]);
  });

  it('a black hole closes after its time, counted from the later of fault and connection', () => {
    assert.deepEqual(play(aShaper(), on({ kind: 'black_hole', closeAfterMs: 50 })), [[50, 'close']]);
    const late = new Shaper(fixedRandom(0.5), 1000);
    assert.deepEqual(play(late, on({ kind: 'black_hole', closeAfterMs: 50 }), 1000), [[1050, 'close']]);
  });

  it('reset_peer resets at once, or after its time with what passes meanwhile', () => {
    const shaper = aShaper();
    shaper.push(bytes(1), 0);
    assert.deepEqual(play(shaper, on({ kind: 'reset_peer', afterMs: 30 })), [
      [0, 1],
      [30, 'reset'],
    ]);
    assert.deepEqual(play(aShaper(), on({ kind: 'reset_peer' })), [[0, 'reset']]);
  });

  it('slow_close delays the end and nothing else', () => {
    const shaper = aShaper();
    shaper.push(bytes(1), 0);
    shaper.finish('end', 10);
    assert.deepEqual(play(shaper, on({ kind: 'slow_close', delayMs: 100 }), 10), [
      [10, 1],
      [110, 'end'],
    ]);
  });

  it('the slicer cuts into pieces with a pause between them', () => {
    const shaper = aShaper();
    shaper.push(bytes(7), 0);
    assert.deepEqual(play(shaper, on({ kind: 'slicer', averageBytes: 3, delayMs: 5 })), [
      [0, 3],
      [5, 3],
      [10, 1],
    ]);
  });

  it('pieces of the slicer differ by up to the variation', () => {
    const shaper = new Shaper(new SeededRandom(1), 0);
    shaper.push(bytes(1000), 0);
    const log = play(shaper, on({ kind: 'slicer', averageBytes: 10, variationBytes: 4 }));
    const sizes = new Set(log.slice(0, -1).map(([, size]) => Number(size)));
    assert.ok(Math.min(...sizes) === 6 && Math.max(...sizes) === 14, [...sizes].join());
  });

  it('limit_data lets exactly so many bytes through, then closes', () => {
    const shaper = aShaper();
    shaper.push(bytes(4), 0);
    shaper.push(bytes(4), 0);
    assert.deepEqual(play(shaper, on({ kind: 'limit_data', bytes: 6 })), [
      [0, 4],
      [0, 2],
      [0, 'close'],
    ]);
  });

  it('whatever delays and cuts there are, what passes is what came, in its order', () => {
    const fault = fc.oneof(
      fc.record({ kind: fc.constant('latency' as const), delayMs: fc.nat(50), jitterMs: fc.constant(0) }),
      fc.record({ kind: fc.constant('bandwidth' as const), bytesPerSecond: fc.integer({ min: 1, max: 5000 }) }),
      fc.record({
        kind: fc.constant('slicer' as const),
        averageBytes: fc.integer({ min: 1, max: 9 }),
        delayMs: fc.nat(20),
      }),
      fc.record({ kind: fc.constant('slow_close' as const), delayMs: fc.nat(50) }),
    );
    const phases = fc.array(
      fc.record({
        push: fc.uint8Array({ maxLength: 30 }),
        faults: fc.array(fault, { maxLength: 3 }),
        forMs: fc.nat(60),
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(phases, fc.integer(), (script, seed) => {
        const shaper = new Shaper(new SeededRandom(seed), 0);
        const passed: Buffer[] = [];
        let now = 0;
        const drain = (active: readonly ActiveFault[], until: number): boolean => {
          for (;;) {
            const step = shaper.next(now, active);
            if (step.kind === 'end') return true;
            if (step.kind === 'pass') passed.push(step.bytes);
            else if (step.kind === 'wait' && step.until <= until) now = step.until;
            else return false;
          }
        };
        for (const { push, faults, forMs } of script) {
          shaper.push(Buffer.from(push), now);
          const until = now + forMs;
          drain(on(...faults), until);
          now = until;
        }
        shaper.finish('end', now);
        assert.equal(drain([], Number.MAX_VALUE), true);
        assert.deepEqual(Buffer.concat(passed), Buffer.concat(script.map(({ push }) => push)));
        assert.equal(shaper.bufferedBytes, 0);
      }),
    );
  });
});
