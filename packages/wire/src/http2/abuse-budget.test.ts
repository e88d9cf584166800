import assert from 'node:assert/strict';
import { FakeClock } from '@breakwater/core/testing';
import fc from 'fast-check';
import { AbuseBudget } from './abuse-budget.js';
import { ConnectionError, ErrorCode } from './error-code.js';

const isCalm = (error: unknown): boolean =>
  error instanceof ConnectionError && error.code === ErrorCode.enhanceYourCalm;

function make() {
  const clock = new FakeClock();
  return { clock, budget: new AbuseBudget(() => clock.now()) };
}

/** @returns whether the peer has to go */
function spend(budget: AbuseBudget, cost: number): boolean {
  try {
    budget.spend('PING', cost);
    return false;
  } catch (error) {
    assert.ok(isCalm(error), String(error));
    return true;
  }
}

describe('AbuseBudget', () => {
  it('sends a peer away that sends 20,000 frames without work at once, and says what it sent', () => {
    const { budget } = make();
    for (let count = 0; count < 19_999; count++) budget.spend('PING');
    assert.throws(() => budget.spend('SETTINGS'), /10000 frames without work in 10 s, the last of them SETTINGS/);
  });

  it('bears 10,000 of them in every 10 s, for ever', () => {
    const { budget, clock } = make();
    for (let period = 0; period < 10; period++) {
      for (let count = 0; count < 10_000; count++) budget.spend('PING');
      clock.tick(10_000);
    }
  });

  it('bears any number of them from a peer whose calls earn as much', () => {
    const { budget } = make();
    for (let count = 0; count < 100_000; count++) {
      budget.spend('PING', 2);
      budget.earn(2);
    }
  });

  it('saves nothing up: credit is what makes good, not a reserve', () => {
    const { budget } = make();
    budget.earn(1_000_000);
    for (let count = 0; count < 19_999; count++) budget.spend('PING');
    assert.throws(() => budget.spend('PING'), isCalm);
  });

  it('makes good exactly what is earned', () => {
    const { budget } = make();
    for (let count = 0; count < 15_000; count++) budget.spend('PING');
    budget.earn(100);
    for (let count = 0; count < 5099; count++) budget.spend('PING');
    assert.throws(() => budget.spend('PING'), isCalm);
  });

  it('counts the cost of a frame', () => {
    const { budget } = make();
    for (let count = 0; count < 3; count++) budget.spend('a call cancelled at once', 5000);
    assert.throws(() => budget.spend('a call cancelled at once', 5000), isCalm);
  });

  it('sends nobody away who stays under the limit in every period, and everybody who is over twice the limit in one', () => {
    const step = fc.record({
      cost: fc.integer({ min: 1, max: 3000 }),
      waitMs: fc.constantFrom(0, 0, 1, 500, 4000, 20_000),
    });
    const property = fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
      const { budget, clock } = make();
      const spent: { readonly at: number; readonly cost: number }[] = [];
      const within10s = (): number =>
        spent.filter(({ at }) => at > clock.now() - 10_000).reduce((sum, { cost }) => sum + cost, 0);
      for (const { cost, waitMs } of steps) {
        clock.tick(waitMs);
        spent.push({ at: clock.now(), cost });
        if (spend(budget, cost)) {
          assert.ok(within10s() >= 10_000, `${within10s()} in the last 10 s`);
          return;
        }
        assert.ok(within10s() < 2 * 10_000 + 2 * 3000);
      }
    });
    fc.assert(property, { numRuns: 300 });
  });
});
