import assert from 'node:assert/strict';
import { editDistance, nearest } from './nearest.js';

describe('nearest', () => {
  it('counts insertions, deletions and replacements', () => {
    assert.equal(editDistance('kitten', 'sitting'), 3);
    assert.equal(editDistance('', 'abc'), 3);
    assert.equal(editDistance('same', 'same'), 0);
  });

  it('picks the candidate that needs the fewest edits', () => {
    assert.equal(nearest('instal-server', ['full', 'install-servers', 'only']), 'install-servers');
  });

  it('refuses an empty list', () => {
    assert.throws(() => nearest('x', []), RangeError);
  });
});
