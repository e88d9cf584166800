import assert from 'node:assert/strict';
import { regressionsOf, repeated } from './baseline.js';

const baseline = { node: 20, cases: { a: { ratio: 1, bytes: 100 }, b: { ratio: 2, bytes: 0 } } };
const result = (name: string, ratio: number, bytes: number) => ({ name, ns: 1, ratio, bytes });

describe('the micro baseline', () => {
  it('tolerates a fifth and a little more, of time and of allocations', () => {
    assert.deepEqual(regressionsOf([result('a', 1.25, 136), result('b', 2.4, 16)], baseline), []);
    assert.deepEqual(regressionsOf([result('a', 1.26, 137), result('b', 1, 17)], baseline), [
      { name: 'a', what: 'time', before: 1, now: 1.26 },
      { name: 'a', what: 'bytes', before: 100, now: 137 },
      { name: 'b', what: 'bytes', before: 0, now: 17 },
    ]);
  });

  it('knows nothing of new cases, whatever they are called', () => {
    assert.deepEqual(regressionsOf([result('c', 9, 9000), result('constructor', 9, 9000)], baseline), []);
  });

  it('counts only what every run has', () => {
    const slow = (name: string) => ({ name, what: 'time' as const, before: 1, now: 2 });
    assert.deepEqual(repeated([[slow('a'), slow('b')], [slow('b')], [slow('b'), slow('a')]]), [slow('b')]);
    assert.deepEqual(repeated([[slow('a')], []]), []);
  });
});
