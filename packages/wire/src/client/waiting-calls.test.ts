import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ClientCall } from './client-call.js';
import { WaitingCalls } from './waiting-calls.js';

/** What waits is kept, and not looked into. */
const aCall = (): ClientCall => ({}) as ClientCall;

describe('WaitingCalls', () => {
  it('gives calls out in the order they came, without those that have left', () => {
    const waiting = new WaitingCalls();
    const [first, second, third] = [aCall(), aCall(), aCall()];
    for (const call of [first, second, third]) waiting.add(call);
    waiting.remove(second);
    assert.equal(waiting.size, 2);
    assert.deepEqual([waiting.take(), waiting.take(), waiting.take()], [first, third, undefined]);
    assert.equal(waiting.size, 0);
  });

  it('does not mind a call that does not wait, or not any more', () => {
    const waiting = new WaitingCalls();
    const call = aCall();
    waiting.remove(call);
    waiting.add(call);
    assert.equal(waiting.take(), call);
    waiting.remove(call);
    assert.equal(waiting.size, 0);
  });

  it('holds what an array would hold, over any comings and goings', () => {
    const step = fc.record({ kind: fc.constantFrom('add', 'add', 'take', 'remove', 'addAgain'), which: fc.nat() });
    const property = fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const waiting = new WaitingCalls();
      const model: ClientCall[] = [];
      const known: ClientCall[] = [];
      for (const { kind, which } of steps) {
        const old = known[which % Math.max(1, known.length)];
        if (kind === 'add' || (kind === 'addAgain' && old !== undefined && !model.includes(old))) {
          const call = kind === 'add' || old === undefined ? aCall() : old;
          known.push(call);
          waiting.add(call);
          model.push(call);
        } else if (kind === 'take') assert.equal(waiting.take(), model.shift());
        else if (kind === 'remove' && old !== undefined) {
          waiting.remove(old);
          if (model.includes(old)) model.splice(model.indexOf(old), 1);
        }
        assert.equal(waiting.size, model.length);
      }
      while (model.length > 0) assert.equal(waiting.take(), model.shift());
      assert.equal(waiting.take(), undefined);
    });
    fc.assert(property);
  });

  it('keeps its order when thousands have left', () => {
    const waiting = new WaitingCalls();
    const calls = Array.from({ length: 10_000 }, aCall);
    for (const call of calls) waiting.add(call);
    const stay = calls.filter((_, index) => index % 50 === 7);
    for (const call of calls) if (!stay.includes(call)) waiting.remove(call);
    const [again = aCall(), ...rest] = stay;
    waiting.remove(again);
    waiting.add(again);
    for (const call of [...rest, again]) assert.equal(waiting.take(), call);
    assert.equal(waiting.take(), undefined);
  });

  it('gives out half a million calls without a search for each, which would take minutes', () => {
    const waiting = new WaitingCalls();
    const calls = Array.from({ length: 500_000 }, aCall);
    for (const call of calls) waiting.add(call);
    for (const call of calls) if (waiting.take() !== call) assert.fail();
  });
});
