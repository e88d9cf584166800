import assert from 'node:assert/strict';
import { nativeStrings, readUtf8, writeUtf8 } from './native-strings.js';

describe('text of Buffers', () => {
  it('is the same by what Node documents and by what it does not', () => {
    const { utf8Slice, utf8Write } = nativeStrings({});
    for (const text of ['', 'a', 'Grüße', '語😀', 'x'.repeat(100), '\ud800', 'é'.repeat(50)]) {
      const [native, documented] = [Buffer.alloc(400), Buffer.alloc(400)];
      const memory = new Uint8Array(documented.buffer, documented.byteOffset, documented.byteLength);
      const length = writeUtf8(native, text, 7);
      assert.equal(utf8Write.call(memory, text, 7, 393), length);
      assert.deepEqual(documented, native);
      assert.equal(utf8Slice.call(memory, 7, 7 + length), readUtf8(native, 7, 7 + length));
    }
  });
});
