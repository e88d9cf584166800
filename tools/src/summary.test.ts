import assert from 'node:assert/strict';
import { consul } from './services/consul.js';
import { checkStage, duration, type StageResult } from './stage.js';
import { summary, totals, totalsLine } from './summary.js';

const stage = (over: Partial<StageResult>): StageResult => ({
  name: 's',
  passed: 0,
  failed: [],
  skipped: [],
  absent: [],
  tookMs: 0,
  ...over,
});

describe('summary', () => {
  it('leaves skipped tests out of the last line when there are none', () => {
    assert.equal(totalsLine({ passed: 3, failed: 0, skipped: 0 }), '3 passed, 0 failed');
    assert.equal(totalsLine({ passed: 3, failed: 1, skipped: 2 }), '3 passed, 1 failed, 2 skipped');
  });

  it('adds up all stages, absent tests among the skipped', () => {
    const one = { where: 'w', reason: 'r' };
    const stages = [
      stage({ passed: 2, skipped: [one] }),
      stage({ passed: 1, absent: [one, one], failed: [{ where: 'w', detail: 'd' }] }),
    ];
    assert.deepEqual(totals(stages), { passed: 3, failed: 1, skipped: 3 });
  });

  it('repeats every failure and ends with the totals', () => {
    const lines = summary([stage({ passed: 1, failed: [{ where: 'file:1', detail: 'broken\nbadly' }] })], [], 1000);
    assert.ok(lines.includes('  ✗ file:1\n      broken\n      badly'));
    assert.equal(lines.at(-1), '1 passed, 1 failed');
  });

  it('names a missing server, its reason, and why tests were skipped', () => {
    const lines = summary(
      [stage({ skipped: [{ where: 'a', reason: 'consul: run it' }] })],
      [{ service: consul, reason: 'no mirror' }],
      0,
    ).join('\n');
    assert.match(lines, /missing: consul, no mirror/);
    assert.match(lines, /skipped: 1 x consul: run it/);
  });
});

describe('checkStage', () => {
  it('passes once when nothing is wrong', async () => {
    assert.equal((await checkStage('c', () => [])).passed, 1);
  });

  it('turns a check that breaks into a failure', async () => {
    const result = await checkStage('c', () => Promise.reject(new Error('tool missing')));
    assert.equal(result.passed, 0);
    assert.match(result.failed[0]?.detail ?? '', /tool missing/);
  });
});

describe('duration', () => {
  it('prints seconds with a decimal, then whole seconds, then minutes', () => {
    assert.deepEqual([duration(340), duration(12_300), duration(185_000)], ['0.3 s', '12 s', '3 min 05 s']);
  });
});
