import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BlockingIndex } from './blocking-index.js';

describe('BlockingIndex', () => {
  it('reads without an index first, and blocks on the index received then', () => {
    const index = new BlockingIndex();
    assert.equal(index.next, undefined);
    assert.equal(index.accept('12'), true);
    assert.equal(index.next, 12);
  });

  it('never blocks on less than 1: an index of 0 would not block at all', () => {
    const index = new BlockingIndex();
    index.accept('0');
    assert.equal(index.next, 1);
  });

  it('disbelieves an answer whose index went backwards, and reads without an index then', () => {
    const index = new BlockingIndex();
    index.accept('12');
    assert.equal(index.accept('11'), false);
    assert.equal(index.next, undefined);
    assert.equal(index.accept('11'), true);
    assert.equal(index.next, 11);
  });

  it('does not block after an answer without a readable index', () => {
    for (const header of [undefined, '', 'abc', '-1', '1.5', '0x10']) {
      const index = new BlockingIndex();
      index.accept('12');
      assert.equal(index.accept(header), true);
      assert.equal(index.next, undefined, String(header));
    }
  });

  it('follows the three rules over any history', () => {
    const step = fc.oneof(fc.nat(50).map(String), fc.constantFrom(undefined, 'x', 'error'));
    fc.assert(
      fc.property(fc.array(step), (history) => {
        const index = new BlockingIndex();
        let expected: number | undefined;
        for (const header of history) {
          if (header === 'error') {
            index.forget();
            expected = undefined;
          } else {
            const received = header === undefined || header === 'x' ? undefined : Math.max(1, Number(header));
            const backwards = received !== undefined && expected !== undefined && received < expected;
            assert.equal(index.accept(header), !backwards);
            expected = backwards ? undefined : received;
          }
          assert.equal(index.next, expected);
        }
      }),
    );
  });
});
