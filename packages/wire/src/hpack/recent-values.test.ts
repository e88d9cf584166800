import assert from 'node:assert/strict';
import fc from 'fast-check';
import { HpackDecoder } from './hpack-decoder.js';
import { RecentValues } from './recent-values.js';
import { collectPairs } from './testing/collect.js';

const literal = (...strings: (readonly number[])[]): Buffer =>
  Buffer.from(strings.flatMap((octets) => [0x04, ...octets]));

describe('RecentValues', () => {
  it('knows a string by all of its bytes, wherever they stand', () => {
    const recent = new RecentValues();
    recent.set(Buffer.from('-abcdef-'), 1, 7, 'x');
    assert.equal(recent.get(Buffer.from('abcdef'), 0, 6), 'x');
    assert.equal(recent.get(Buffer.from('---abcdef'), 3, 9), 'x');
    for (const other of ['abcde', 'abcdefg', 'bbcdef', 'abcdeg', 'bcdefa', '']) {
      assert.equal(recent.get(Buffer.from(other), 0, other.length), undefined);
    }
  });

  it('knows nothing at first, and nothing of long strings', () => {
    const recent = new RecentValues();
    const bytes = Buffer.alloc(65, 'a');
    for (let length = 0; length <= 65; length++) {
      assert.equal(recent.get(bytes, 0, length), undefined);
      recent.set(bytes, 0, length, `${length}`);
      assert.equal(recent.get(bytes, 0, length), length === 0 || length > 64 ? undefined : `${length}`);
    }
  });

  it('never gives one string for another, whatever was remembered in between', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 60, size: 'max' }), (texts) => {
        const recent = new RecentValues();
        for (const one of texts) {
          const bytes = Buffer.from(one);
          const known = recent.get(bytes, 0, bytes.length);
          assert.ok(known === undefined || known === one);
          recent.set(bytes, 0, bytes.length, one);
          assert.equal(recent.get(bytes, 0, bytes.length), one);
        }
      }),
    );
  });

  it('keeps apart what differs in its coding alone', () => {
    const decoder = new HpackDecoder();
    // `1f` is the Huffman code of `a`, with padding.
    const block = literal([0x01, 0x1f], [0x81, 0x1f], [0x01, 0x1f], [0x81, 0x1f], [0x01, 0x61]);
    for (let i = 0; i < 2; i++) {
      assert.deepEqual(
        collectPairs(decoder, block).map(([, value]) => value),
        ['\x1f', 'a', '\x1f', 'a', 'a'],
      );
    }
  });
});
