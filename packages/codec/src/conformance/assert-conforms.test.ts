import assert from 'node:assert/strict';
import type { CodecType } from '../codec-type.js';
import * as delimited from '../testdata/gen/delimited.pb.js';
import * as kinds from '../testdata/gen/kinds.pb.js';
import { assertConforms } from './assert-conforms.js';
import { knownTags } from './known-tags.js';

const isType = (value: unknown): value is CodecType =>
  typeof value === 'object' && value !== null && 'fromPartial' in value;

describe('assertConforms', () => {
  for (const [name, type] of Object.entries({ ...kinds, ...delimited })) {
    if (!isType(type)) continue;
    it(`${name} is encoded and decoded as the default writer and reader do it`, () => {
      assertConforms(name, type, { runs: 150 });
    });
  }

  it('notices a codec that differs in bytes, in messages or in errors', () => {
    const { Scalars } = kinds;
    const wrong: readonly Partial<CodecType<kinds.Scalars, object>>[] = [
      { encode: (message, writer) => Scalars.encode(writer ? { ...message, fBool: true } : message, writer as never) },
      { decode: (input) => ({ ...Scalars.decode(input), fInt32: input instanceof Uint8Array ? 1 : 2 }) },
      {
        decode: (input) => {
          const message = Scalars.decode(input);
          if (!(input instanceof Uint8Array)) throw new Error('wrong');
          return message;
        },
      },
    ];
    for (const part of wrong) {
      const type: CodecType = { ...Scalars, ...part };
      assert.throws(() => assertConforms('Scalars', type), /^AssertionError.*Scalars, run \d+ of seed 1: /s);
    }
  });

  it('does not take a type that gets no faster for one that conforms', () => {
    const type: CodecType = { ...kinds.Scalars, encode: (message) => kinds.Scalars.encode(message as kinds.Scalars) };
    assert.throws(() => assertConforms('Scalars', type), /not served by the fast writer/);
  });
});

describe('knownTags', () => {
  it('finds the fields of a type, packed lists both ways, and no others', () => {
    const tags = (type: unknown): readonly string[] =>
      knownTags(type as CodecType, 2050).map((tag) => `${Math.floor(tag / 8)}/${tag % 8}`);
    assert.deepEqual(tags(kinds.Nothing), []);
    assert.deepEqual(tags(kinds.Scalars).slice(-4), ['15/2', '16/0', '2047/2', '536870911/2']);
    assert.equal(tags(kinds.Scalars).length, 18);
    assert.deepEqual(tags(kinds.Lists).slice(0, 4), ['1/1', '1/2', '2/2', '2/5']);
    assert.deepEqual(tags(delimited.Delimited), ['1/0', '2/2', '3/3', '4/3', '5/0', '5/2', '6/2']);
  });
});
