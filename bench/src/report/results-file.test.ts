import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chartsOf } from '../charts/charts.js';
import { REFERENCE } from '../contenders/index.js';
import { MAIN_LOAD } from '../loads/index.js';
import { Measurements } from '../measurements.js';
import { aSlice } from '../testing/a-slice.js';
import { reportOf } from './report.js';
import { withFigures } from './results-file.js';
import { judge } from './targets.js';

const RESULTS = fileURLToPath(new URL('../../RESULTS.md', import.meta.url));

function aReport(units: number) {
  const measurements = new Measurements();
  measurements.add(MAIN_LOAD, REFERENCE.name, aSlice({ units }));
  return reportOf(measurements, judge(measurements), [REFERENCE]);
}

describe('the results file', () => {
  it('gets new figures between its marks, and keeps the rest', () => {
    const text = readFileSync(RESULTS, 'utf8');
    const once = withFigures(text, aReport(1234));
    assert.match(once, /\| +1234 \|/);
    assert.match(once, /MISSED \(not measured\)/);
    assert.equal(withFigures(once, aReport(1234)), once);
    const twice = withFigures(once, aReport(5678));
    assert.doesNotMatch(twice, /\| +1234 \|/);
    assert.equal(withFigures(twice, aReport(1234)), once);
    assert.equal(once.slice(0, 20), text.slice(0, 20));
    assert.equal(once.slice(-20), text.slice(-20));
  });

  it('without marks is refused', () => {
    assert.throws(() => withFigures('# Results', aReport(1)), /needs the line/);
  });

  it('survives the way through JSON: tables and charts need nothing else', () => {
    const report = aReport(1234);
    const read = JSON.parse(JSON.stringify(report)) as typeof report;
    const text = readFileSync(RESULTS, 'utf8');
    assert.equal(withFigures(text, read), withFigures(text, report));
    assert.deepEqual([...chartsOf(read)], [...chartsOf(report)]);
    assert.deepEqual([...chartsOf(report).keys()], ['unary-c64-rate.svg', 'unary-c64-cpu.svg']);
  });
});
