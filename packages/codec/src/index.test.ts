import assert from 'node:assert/strict';
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { codecOf, decodeMessage, encodeMessage, FastReader, FastWriter } from './index.js';
import { Lists, Scalars } from './testdata/gen/kinds.pb.js';

const MESSAGE = Scalars.fromPartial({ fString: 'a text', fInt64: -1n, fMessage: { fBool: true } });
const BYTES = Buffer.from(Scalars.encode(MESSAGE).finish());

describe('codecOf', () => {
  it('gives each type one codec', () => {
    assert.equal(codecOf(Scalars), codecOf(Scalars));
    assert.notEqual(codecOf<unknown, object>(Scalars), codecOf<unknown, object>(Lists));
    assert.equal(codecOf(Scalars).type, Scalars);
  });

  it('is what encodeMessage and decodeMessage use', () => {
    for (let count = 0; count < 2; count++) {
      assert.deepEqual(encodeMessage(Scalars, { fString: 'a text', fInt64: '-1', fMessage: { fBool: true } }), BYTES);
      assert.deepEqual(decodeMessage(Scalars, BYTES), MESSAGE);
    }
    assert.ok(codecOf(Scalars).isFast);
  });
});

describe('FastWriter and FastReader', () => {
  it('are handed to generated code, which takes them for those of the library', () => {
    const writer = new FastWriter();
    assert.ok(writer instanceof BinaryWriter);
    assert.ok(new FastReader(BYTES) instanceof BinaryReader);
    for (let count = 0; count < 2; count++) assert.deepEqual(Scalars.encode(MESSAGE, writer).finish(), BYTES);
    assert.deepEqual(Scalars.decode(new FastReader(BYTES)), MESSAGE);
    const chunk = Buffer.concat([Buffer.alloc(3, 0xff), BYTES, Buffer.alloc(3, 0xff)]);
    assert.deepEqual(Scalars.decode(new FastReader(chunk, 3, 3 + BYTES.length)), MESSAGE);
    assert.throws(() => new FastReader(chunk, 3, chunk.length + 1), RangeError);
  });
});
