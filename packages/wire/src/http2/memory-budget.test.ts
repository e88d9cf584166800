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

  it('is clogged when readers alone keep more than its limit', () => {
    const budget = new MemoryBudget(100);
    budget.take(1000);
    budget.keepUnread(100);
    assert.equal(budget.clogged, false);
    budget.keepUnread(1);
    assert.equal(budget.clogged, true);
  });

  it('tells those who wait once, as soon as it is not clogged any more', () => {
    const budget = new MemoryBudget(100);
    budget.keepUnread(150);
    const [first, second] = [waiter(), waiter()];
    budget.await(first);
    budget.await(first);
    budget.await(second);
    budget.giveBack(1000);
    budget.onRead(49);
    assert.deepEqual([first.told, second.told], [0, 0]);
    budget.onRead(1);
    assert.deepEqual([first.told, second.told], [1, 1]);
    budget.onRead(50);
    assert.deepEqual([first.told, second.told], [1, 1]);
  });

  it('tells nobody who has left', () => {
    const budget = new MemoryBudget(100);
    budget.keepUnread(150);
    const [gone, stays] = [waiter(), waiter()];
    budget.await(gone);
    budget.await(stays);
    budget.forget(gone);
    budget.onRead(150);
    assert.deepEqual([gone.told, stays.told], [0, 1]);
  });

  it('lets one who is told wait again, and keep more', () => {
    const budget = new MemoryBudget(100);
    budget.keepUnread(150);
    const again: Starved & { told: number } = waiter(() => {
      budget.keepUnread(60);
      budget.await(again);
    });
    budget.await(again);
    budget.onRead(100);
    assert.equal(again.told, 1);
    assert.equal(budget.clogged, true);
    budget.onRead(100);
    assert.equal(again.told, 2);
  });

  it('forgets nobody who waits, over any reading', () => {
    const step = fc.record({ kind: fc.constantFrom('keep', 'read', 'await'), size: fc.nat({ max: 200 }) });
    const property = fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const budget = new MemoryBudget(300);
      let unread = 0;
      let waiting = new Set<Starved & { told: number }>();
      for (const { kind, size } of steps) {
        if (kind === 'keep') {
          budget.keepUnread(size);
          unread += size;
        } else if (kind === 'await') {
          const one = waiter();
          budget.await(one);
          waiting.add(one);
        } else {
          const read = Math.min(size, unread);
          budget.onRead(read);
          unread -= read;
          for (const one of waiting) assert.equal(one.told, unread <= 300 ? 1 : 0);
          if (unread <= 300) waiting = new Set();
        }
        assert.equal(budget.unread, unread);
      }
    });
    fc.assert(property);
  });
});
