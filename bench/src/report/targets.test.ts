import assert from 'node:assert/strict';
import { CONTENDERS } from '../contenders/index.js';
import { LOADS } from '../loads/index.js';
import { Measurements } from '../measurements.js';
import { aSlice } from '../testing/a-slice.js';
import { judge, SPOKEN_OF } from './targets.js';

const targetOf = (measurements: Measurements, pattern: RegExp) =>
  judge(measurements).find(({ target }) => pattern.test(target.name))?.target;

describe('targets', () => {
  it('speak only of contenders and loads that there are', () => {
    const names = CONTENDERS.map(({ name }) => name);
    for (const name of Object.values(SPOKEN_OF)) assert.ok(names.includes(name), name);
    const loads = LOADS.map(({ name }) => name);
    for (const { target } of judge(new Measurements())) {
      if (target.name.startsWith('RSS')) continue;
      assert.ok(
        loads.some((load) => target.name.includes(`, ${load}: `)),
        target.name,
      );
    }
  });

  it('that nothing was measured for are missed, unless only a part was asked for', () => {
    const judged = judge(new Measurements());
    assert.ok(judged.length >= 18);
    assert.ok(judged.every(({ target }) => !target.ok && target.value === null));
    assert.deepEqual(judge(new Measurements(), true), []);
  });

  it('take ratios within a round and judge their median', () => {
    const measurements = new Measurements();
    for (const factor of [12, 13, 14]) {
      // The machine is slower in some rounds than in others: the ratio is the same.
      measurements.add('unary c=64', SPOKEN_OF.reference, aSlice({ units: factor * 100 }));
      measurements.add('unary c=64', SPOKEN_OF.full, aSlice({ units: factor * 100 * factor }));
    }
    const target = targetOf(measurements, /^calls\/s, unary c=64: breakwater on wire, default stacks \/ grpc-js/);
    assert.equal(target?.value, 13);
    assert.equal(target?.ok, true);
  });

  it('count the policies as the CPU of both sides with them less that without them', () => {
    const measurements = new Measurements();
    measurements.add('unary c=64', SPOKEN_OF.bare, aSlice({ units: 100, clientCpuUs: 300, serverCpuUs: 200 }));
    measurements.add('unary c=64', SPOKEN_OF.full, aSlice({ units: 100, clientCpuUs: 420, serverCpuUs: 290 }));
    const target = targetOf(measurements, /^CPU us\/call of all policies/);
    assert.ok(Math.abs((target?.value ?? 0) - 2.1) < 1e-9);
    assert.equal(target?.ok, false);
  });

  it('weigh client and server together', () => {
    const measurements = new Measurements();
    const sample = (bytes: number) => ({
      clientConnectionBytes: bytes,
      serverConnectionBytes: 2 * bytes,
      clientStreamBytes: bytes,
      serverStreamBytes: bytes,
    });
    measurements.idle.set(SPOKEN_OF.reference, [sample(30_000), sample(30_000)]);
    measurements.idle.set(SPOKEN_OF.full, [sample(9000), sample(10_000)]);
    const target = targetOf(measurements, /^RSS per idle connection/);
    assert.ok(Math.abs((target?.value ?? 0) - 0.31667) < 1e-4);
    assert.equal(target?.ok, true);
  });
});
