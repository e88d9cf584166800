import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DEFAULT_PACE, LoopPacer } from './loop-pacer.js';

/** Instants at which a loop would read whose every read returns at once, told each time whether it brought news. */
function spin(news: readonly boolean[]): readonly number[] {
  const pacer = new LoopPacer(DEFAULT_PACE, 0);
  let now = 0;
  return news.map((isNews) => {
    now += pacer.reserve(now);
    pacer.read(isNews);
    return now;
  });
}

describe('LoopPacer', () => {
  it('lets two reads through at once', () => {
    assert.deepEqual(spin([true, true]), [0, 0]);
  });

  it('reads up to four times a second while reads bring news', () => {
    assert.deepEqual(spin(Array.from({ length: 6 }, () => true)), [0, 0, 250, 500, 750, 1000]);
  });

  it('slows down to one read per 15 s when reads return at once without news', () => {
    const at = spin(Array.from({ length: 14 }, () => false));
    const gaps = at.slice(1).map((instant, index) => instant - (at[index] ?? 0));
    assert.deepEqual(gaps, [0, 1000, 2000, 4000, 8000, 15000, 15000, 15000, 15000, 15000, 15000, 15000, 15000]);
  });

  it('is fast again after the first read with news', () => {
    const at = spin([...Array.from({ length: 10 }, () => false), true, true, true]);
    assert.equal((at[12] ?? 0) - (at[11] ?? 0), 250);
  });

  it('reads a change that comes alone at once, however long it was quiet', () => {
    const pacer = new LoopPacer(DEFAULT_PACE, 0);
    for (let read = 0; read < 20; read++) pacer.read(false);
    pacer.reserve(0);
    assert.equal(pacer.reserve(60_000), 0);
  });

  it('never lets more reads through than burst plus time over the shortest interval', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ idleMs: fc.nat(2_000), news: fc.boolean() }), { maxLength: 60 }), (steps) => {
        const pacer = new LoopPacer(DEFAULT_PACE, 0);
        let now = 0;
        const at: number[] = [];
        for (const { idleMs, news } of steps) {
          now += pacer.reserve(now);
          at.push(now);
          pacer.read(news);
          now += idleMs;
        }
        at.forEach((end, last) => {
          at.slice(0, last + 1).forEach((start, first) => {
            assert.ok(last - first + 1 <= DEFAULT_PACE.burst + (end - start) / DEFAULT_PACE.minIntervalMs + 1e-6);
          });
        });
      }),
    );
  });
});
