import assert from 'node:assert/strict';
import { ConfigError } from '@breakwater/core';
import fc from 'fast-check';
import { RetryBudget } from './retry-budget.js';

describe('RetryBudget', () => {
  it('gives the reserve once and after that one retry per ten calls', () => {
    const budget = new RetryBudget();
    for (let retry = 0; retry < 10; retry++) assert.equal(budget.withdraw(), true);
    assert.equal(budget.withdraw(), false);
    for (let call = 0; call < 9; call++) budget.deposit();
    assert.equal(budget.withdraw(), false);
    budget.deposit();
    assert.equal(budget.withdraw(), true);
    assert.equal(budget.withdraw(), false);
  });

  it('saves up no more than maxTokens', () => {
    const budget = new RetryBudget({ reserveTokens: 0, maxTokens: 2 });
    for (let call = 0; call < 1000; call++) budget.deposit();
    assert.equal(budget.tokens, 2);
    assert.deepEqual([budget.withdraw(), budget.withdraw(), budget.withdraw()], [true, true, false]);
  });

  it('grants exactly what the closed formula over the whole history allows', () => {
    const settings = fc.record({
      thousandths: fc.integer({ min: 0, max: 1000 }),
      reserve: fc.integer({ min: 0, max: 5 }),
      room: fc.integer({ min: 0, max: 5 }),
    });
    const steps = fc.array(fc.constantFrom('call', 'call', 'call', 'retry'), { maxLength: 300, size: 'max' });
    fc.assert(
      fc.property(settings, steps, ({ thousandths, reserve, room }, history) => {
        const maxTokens = Math.max(1, reserve + room);
        const budget = new RetryBudget({ ratio: thousandths / 1000, reserveTokens: reserve, maxTokens });
        const seen: number[] = [];
        let calls = 0;
        let retries = 0;
        for (const step of history) {
          if (step === 'call') {
            budget.deposit();
            calls += 1;
            seen.push(thousandths);
          } else if (budget.withdraw()) {
            retries += 1;
            assert.ok(allowed(seen, reserve, maxTokens) >= 1000, 'granted beyond the formula');
            seen.push(-1000);
          } else assert.ok(allowed(seen, reserve, maxTokens) < 1000, 'refused within the formula');
          assert.ok(retries * 1000 <= reserve * 1000 + thousandths * calls);
        }
      }),
    );
  });

  it('refuses settings out of range and a reserve that does not fit, by name', () => {
    const refused = (make: () => unknown, field: string): void =>
      assert.throws(
        make,
        (error) => error instanceof ConfigError && error.field === field && error.message.includes(field),
      );
    refused(() => new RetryBudget({ ratio: 1.5 }), 'retry.budget.ratio');
    refused(() => new RetryBudget({ reserveTokens: -1 }), 'retry.budget.reserveTokens');
    refused(() => new RetryBudget({ reserveTokens: 50, maxTokens: 20 }), 'retry.budget.maxTokens');
    assert.equal(new RetryBudget({ reserveTokens: 500 }).settings.maxTokens, 500);
  });
});

/** The least, over every moment, of what was then the most there could be plus what has come and gone since. */
function allowed(history: readonly number[], reserve: number, maxTokens: number): number {
  let since = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let index = history.length - 1; index >= 0; index--) {
    // Only a deposit can have hit the ceiling: right after it there was at most maxTokens.
    if ((history[index] ?? 0) >= 0) least = Math.min(least, maxTokens * 1000 + since);
    since += history[index] ?? 0;
  }
  return Math.min(least, reserve * 1000 + since);
}
