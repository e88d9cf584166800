import assert from 'node:assert/strict';
import { TurnBudget } from './turn-budget.js';

describe('TurnBudget', () => {
  it('makes a sender wait for the next turn after every 128 messages', () => {
    const budget = new TurnBudget();
    const waits = Array.from({ length: 400 }, () => budget.spend());
    const when = waits.flatMap((wait, index) => (wait ? [index + 1] : []));
    assert.deepEqual(when, [128, 256, 384]);
  });
});
