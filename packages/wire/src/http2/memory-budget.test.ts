import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MemoryBudget, type Starved } from './memory-budget.js';

const waiter = (then = (): void => {}): Starved & { told: number } => ({
  told: 0,
  onMemory() {
    this.told += 1;
    then();
  },
});

describe('MemoryBudget', () => {
  it('is exhausted above its limit, not at it', () => {
    const budget = new MemoryBudget(100);
    budget.take(100);
    assert.equal(budget.exhausted, false);
    budget.take(1);
    assert.equal(budget.exhausted, true);
  });

  it('tells those who wait once, as soon as it is not exhausted any more', () => {
    const budget = new MemoryBudget(100);
    budget.take(150);
    const [first, second] = [waiter(), waiter()];
    budget.await(first);
    budget.await(first);
    budget.await(second);
    budget.giveBack(49);
    assert.deepEqual([first.told, second.told], [0, 0]);
    budget.giveBack(1);
    assert.deepEqual([first.told, second.told], [1, 1]);
    budget.giveBack(50);
    assert.deepEqual([first.told, second.told], [1, 1]);
  });

  it('tells nobody who has left', () => {
    const budget = new MemoryBudget(100);
    budget.take(150);
    const [gone, stays] = [waiter(), waiter()];
    budget.await(gone);
    budget.await(stays);
    budget.forget(gone);
    budget.giveBack(150);
    assert.deepEqual([gone.told, stays.told], [0, 1]);
  });

  it('lets one who is told wait again, and take memory', () => {
    const budget = new MemoryBudget(100);
    budget.take(150);
    const again: Starved & { told: number } = waiter(() => {
      budget.take(60);
      budget.await(again);
    });
    budget.await(again);
    budget.giveBack(100);
    assert.equal(again.told, 1);
    assert.equal(budget.exhausted, true);
    budget.giveBack(100);
    assert.equal(again.told, 2);
  });

  it('forgets nobody who waits, over any takes and returns', () => {
    const step = fc.record({ kind: fc.constantFrom('take', 'giveBack', 'await'), size: fc.nat({ max: 200 }) });
    const property = fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const budget = new MemoryBudget(300);
      let used = 0;
      let waiting = new Set<Starved & { told: number }>();
      for (const { kind, size } of steps) {
        if (kind === 'take') {
          budget.take(size);
          used += size;
        } else if (kind === 'await') {
          const one = waiter();
          budget.await(one);
          waiting.add(one);
        } else {
          const returned = Math.min(size, used);
          budget.giveBack(returned);
          used -= returned;
          for (const one of waiting) assert.equal(one.told, used <= 300 ? 1 : 0);
          if (used <= 300) waiting = new Set();
        }
        assert.equal(budget.used, used);
      }
    });
    fc.assert(property);
  });
});
