import assert from 'node:assert/strict';
import { REFERENCE } from '../contenders/index.js';
import { Measurements } from '../measurements.js';
import { aSlice } from '../testing/a-slice.js';
import { rowsOf } from './row.js';

describe('rows', () => {
  it('have medians of their own slices and ratios to the reference of the same round', () => {
    const measurements = new Measurements();
    for (const [reference, own] of [
      [1000, 2000],
      [500, 1500],
      [800, 3200],
    ] as const) {
      measurements.add('unary c=1', REFERENCE.name, aSlice({ units: reference }));
      measurements.add('unary c=1', 'x', aSlice({ units: own }));
    }
    const rows = rowsOf(measurements);
    assert.equal(rows.length, 2);
    const row = rows.find(({ name }) => name === 'x');
    assert.equal(row?.kind, 'load');
    if (row?.kind !== 'load') return;
    assert.deepEqual(row.rateRatio, { median: 3, low: 2, high: 4 });
    assert.equal(row.perSecond, 2000);
    assert.equal(row.clientCpuUs, 2.5);
    assert.equal(row.slices, 3);
    assert.equal(row.bytesPerSecond, undefined);
  });

  it('of large messages tell the bytes of both ways', () => {
    const measurements = new Measurements();
    measurements.add('payload 1 MB c=4', REFERENCE.name, aSlice({ units: 100 }));
    const [row] = rowsOf(measurements);
    assert.equal(row?.kind === 'load' && row.bytesPerSecond, 100 * 2 * 1024 * 1024);
  });

  it('of silent connections are medians over the runs', () => {
    const measurements = new Measurements();
    const sample = (bytes: number) => ({
      clientConnectionBytes: bytes,
      serverConnectionBytes: bytes,
      clientStreamBytes: bytes,
      serverStreamBytes: bytes,
    });
    measurements.idle.set('x', [sample(3), sample(1), sample(2)]);
    assert.deepEqual(rowsOf(measurements), [{ kind: 'idle', name: 'x', runs: 3, ...sample(2) }]);
  });
});
