import assert from 'node:assert/strict';
import { CONTENDERS, REFERENCE } from './contenders/index.js';
import { LOADS } from './loads/index.js';
import { planOf } from './plan.js';

const contenders = CONTENDERS;

describe('the plan of a run', () => {
  it('has every load, each with the reference and those who can carry it', () => {
    const plan = planOf({ contenders, quick: false });
    assert.deepEqual(
      plan.loads.map(({ load }) => load.name),
      LOADS.map(({ name }) => name),
    );
    for (const { load, contenders: able } of plan.loads) {
      assert.equal(able[0], REFERENCE, load.name);
      for (const one of able) assert.ok(one.can.has(load.kind), `${load.name} | ${one.name}`);
    }
    assert.ok(plan.idle.contenders.length >= 3);
  });

  it('is a part of the loads, short, and without silent connections when quick', () => {
    const plan = planOf({ contenders, quick: true });
    assert.ok(plan.loads.length > 0 && plan.loads.length < LOADS.length);
    assert.ok(plan.loads.every(({ effort }) => effort.rounds <= 5 && effort.warmUp.limitMs <= 1000));
    assert.deepEqual(plan.idle.contenders, []);
  });

  it('selects loads and contenders by one expression, and keeps the reference', () => {
    const plan = planOf({ contenders, quick: true, only: /TLS.*nice/ });
    assert.deepEqual(
      plan.loads.map(({ load, contenders: able }) => [load.name, able.map(({ name }) => name)]),
      [['unary TLS c=64', [REFERENCE.name, 'nice-grpc, retry + deadline']]],
    );
    assert.deepEqual(planOf({ contenders, quick: false, only: /^idle/ }).loads, []);
    assert.deepEqual(planOf({ contenders, quick: false, only: /nothing/ }).idle.contenders, []);
  });

  it('takes a number of rounds for every load', () => {
    const plan = planOf({ contenders, quick: false, rounds: 2 });
    assert.ok(plan.loads.every(({ effort }) => effort.rounds === 2));
  });
});
