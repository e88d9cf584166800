import assert from 'node:assert/strict';
import { isSelected, testKind } from './test-files.js';

const all = { full: false, only: [] };
const only = (...paths: string[]): { full: boolean; only: string[] } => ({ full: false, only: paths });

describe('test files', () => {
  it('are told apart by their names', () => {
    assert.deepEqual(['a.test.js', 'a.itest.js', 'a.solo.itest.js', 'a.js', 'a.test.d.ts'].map(testKind), [
      'unit',
      'integration',
      'solo',
      undefined,
      undefined,
    ]);
  });

  it('with .full. in the name run under --full only', () => {
    assert.equal(isSelected('packages/core/dist/soak.full.itest.js', all), false);
    assert.equal(isSelected('packages/core/dist/soak.full.itest.js', { full: true, only: [] }), true);
  });

  it('are selected by folder, by source or compiled path, and by bare name', () => {
    const path = 'packages/core/dist/stack/stack.test.js';
    for (const wanted of [
      'packages/core',
      './packages/core/',
      'packages/core/src/stack/stack.test.ts',
      'packages/core/dist/stack',
      'stack.test',
      'stack',
      'core',
    ])
      assert.ok(isSelected(path, only(wanted)), wanted);
    for (const wanted of ['packages/co', 'packages/rpc', 'tack', 'breaker'])
      assert.ok(!isSelected(path, only(wanted)), wanted);
  });
});
