import assert from 'node:assert/strict';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { attempt } from '../conformance/attempt.js';
import { WindowReader } from './window-reader.js';

const METHODS = [
  ...['uint32', 'int32', 'sint32', 'int64', 'uint64', 'sint64', 'bool', 'fixed32', 'sfixed32', 'fixed64', 'sfixed64'],
  ...['float', 'double', 'bytes', 'string', 'tag'],
] as const;
type Method = (typeof METHODS)[number];
/** A method, or a wire type to skip. */
type Step = Method | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;
type AnyReader = Readonly<Record<string, () => unknown>> & Pick<BinaryReader, 'skip' | 'pos' | 'len'>;

/** What each step gives, up to the first error, and how far it went. */
function play(reader: BinaryReader | WindowReader, start: number, steps: readonly Step[]): readonly unknown[] {
  const any = reader as unknown as AnyReader;
  const results: unknown[] = [];
  for (const step of steps) {
    const result = attempt(() => (typeof step === 'number' ? any.skip(step as WireType) : any[step]?.()));
    results.push(result);
    if ('error' in result) return results;
    results.push(any.pos - start);
  }
  return results;
}

/** Puts other bytes around, which must not be seen. They go on with whatever was begun. */
function sameAsDefault(bytes: Uint8Array, steps: readonly Step[], around = 0x80): void {
  const memory = Buffer.concat([Buffer.alloc(7, around), bytes, Buffer.alloc(20, around)]);
  const ours = new WindowReader(memory, 7, 7 + bytes.length);
  const theirs = new BinaryReader(Buffer.from(bytes));
  assert.deepEqual(play(ours, 7, steps), play(theirs, 0, steps));
}

const step = fc.oneof(fc.constantFrom<Step>(...(METHODS as readonly Step[])), fc.nat(7) as fc.Arbitrary<Step>);
const byte = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2, 3, 4, 8, 0x0a, 0x0b, 0x0c, 0x7f, 0x80, 0xff));

describe('WindowReader', () => {
  it('gives the values of BinaryReader or throws its error, whatever is read from whatever bytes', () => {
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 60 }), fc.array(step, { maxLength: 20 }), byte, (bytes, steps, around) =>
        sameAsDefault(Uint8Array.from(bytes), steps, around),
      ),
      { numRuns: 3000 },
    );
  });

  it('reads varints of every length, cut off anywhere, and refuses those of more than ten bytes', () => {
    for (const method of [
      'uint32',
      'int32',
      'sint32',
      'int64',
      'uint64',
      'sint64',
      'bool',
      'tag',
      'string',
      0,
    ] as const)
      for (let length = 0; length <= 12; length++)
        for (const last of [0, 1, 0x0f, 0x10, 0x7f])
          for (const fill of [0x80, 0xff, 0xd5])
            for (const ending of [[last], []])
              sameAsDefault(Buffer.from([...Array<number>(length).fill(fill), ...ending]), [method]);
  });

  it('does not see past its end, whatever the memory goes on with', () => {
    const memory = Buffer.from([9, 9, 0x05, 0x61, 0x62, 0x63, 0x64, 0x65, 9, 9]);
    assert.equal(new WindowReader(memory, 2, 8).string(), 'abcde');
    for (const read of ['string', 'bytes', 'double', 'fixed64'] as const)
      assert.throws(() => new WindowReader(memory, 2, 7)[read](), RangeError);
    assert.throws(() => new WindowReader(memory, 2, 7).skip(WireType.LengthDelimited), new RangeError('premature EOF'));
    assert.throws(() => new WindowReader(memory, 2, 5).fixed32(), RangeError);
    assert.throws(() => new WindowReader(memory, 3, 3).bool(), new RangeError('premature EOF'));
  });

  it('reads text as TextDecoder does: every width, every length, and what is no UTF-8', () => {
    const pieces = ['61', '7f', 'c3bf', 'e8aa9e', 'f09f9880', 'efbbbf', '00'];
    const broken = ['80', 'c3', 'e8aa', 'f09f98', 'c080', 'eda080', 'f4908080', 'fe', 'ff', 'e180e2f09192f1bf'];
    for (const piece of [...pieces, ...broken].map((digits) => Buffer.from(digits, 'hex'))) {
      for (let length = 0; length <= 40; length++) {
        const filling = Buffer.alloc(length, 'a');
        for (const content of [
          Buffer.concat([filling, piece]),
          Buffer.concat([piece, filling]),
          Buffer.concat([filling, piece, filling, piece]),
        ])
          sameAsDefault(Buffer.concat([Buffer.from([content.length]), content]), ['string']);
      }
    }
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0x70, max: 0xff }), { maxLength: 100 }), (content) =>
        sameAsDefault(Uint8Array.from([content.length, ...content]), ['string']),
      ),
      { numRuns: 2000 },
    );
  });

  it('refuses what is no UTF-8 when it is told to be strict', () => {
    for (const content of [[0x61], [0xff], [0xc3, 0xbf], [0xef, 0xbb, 0xbf], Array<number>(20).fill(0x80)]) {
      const bytes = Buffer.from([content.length, ...content]);
      assert.deepEqual(
        attempt(() => new WindowReader(bytes).string(true)),
        attempt(() => new BinaryReader(bytes).string(true)),
      );
    }
  });

  it('reads long lists of doubles, where it changes its way in between', () => {
    const bytes = Buffer.alloc(8 * 20 + 3);
    for (let index = 0; index < 20; index++) bytes.writeDoubleLE(index * 1.1 - 7, index * 8);
    sameAsDefault(bytes, Array<Step>(21).fill('double'));
    const reader = new WindowReader(bytes);
    for (let index = 0; index < 20; index++) reader.double();
    const others = Buffer.alloc(8);
    others.writeDoubleLE(Math.PI);
    reader.attach(others, 0, 8);
    assert.equal(reader.double(), Math.PI);
  });

  it('skips groups within groups, up to the depth and with the endings that BinaryReader wants', () => {
    const nested = (depth: number, end = 0x0c): Buffer =>
      Buffer.concat([Buffer.alloc(depth, 0x0b), Buffer.alloc(depth, end)]);
    for (const depth of [1, 2, 99, 100, 101, 102, 1000]) {
      sameAsDefault(nested(depth), ['tag', 3]);
      sameAsDefault(nested(depth), ['uint32', 3]);
    }
    sameAsDefault(nested(3, 0x14), ['tag', 3]);
    sameAsDefault(nested(3).subarray(0, 5), ['tag', 3]);
    const bytes = Buffer.from([0x0c]);
    for (const [fieldNo, limit] of [
      [1, 0],
      [1, 1],
      [2, 5],
      [undefined, 5],
    ] as const)
      assert.deepEqual(
        attempt(() => new WindowReader(bytes).skip(WireType.StartGroup, fieldNo, limit)),
        attempt(() => new BinaryReader(bytes).skip(WireType.StartGroup, fieldNo, limit)),
      );
  });

  it('gives bytes that lie in the memory, as BinaryReader does', () => {
    const memory = Buffer.from([9, 2, 0x61, 0x62, 9]);
    const bytes = new WindowReader(memory, 1, 4).bytes();
    memory.fill(0x7a);
    assert.deepEqual(bytes, Buffer.from('zz'));
  });

  it('reads a Uint8Array that is no Buffer', () => {
    const memory = Uint8Array.from([9, 14, ...Buffer.from('Grüße, Welt! '), 9]);
    const reader = new WindowReader(memory, 1);
    assert.equal(reader.string(), 'Grüße, Welt!');
    assert.ok(!Buffer.isBuffer(new WindowReader(memory, 1).bytes()));
  });

  it('shows nothing of a window that it has left', () => {
    const reader = new WindowReader(Buffer.from([1, 2, 3]));
    reader.__tsProtoDecodeDepth = 50;
    reader.detach();
    assert.equal(reader.__tsProtoDecodeDepth, 0);
    assert.throws(() => reader.uint32(), new RangeError('premature EOF'));
  });

  it('refuses a window that is none', () => {
    for (const [start, end] of [
      [-1, 2],
      [2, 1],
      [0, 4],
      [NaN, 2],
      [0, NaN],
    ] as const)
      assert.throws(
        () => new WindowReader(Buffer.alloc(3), start, end),
        new RangeError(`[${start}, ${end}) is not within 3 bytes`),
      );
    assert.equal(new WindowReader(Buffer.alloc(3), 3, 3).len, 3);
  });

  it('is a BinaryReader and has a method of its own for each of its', () => {
    const missing = Object.getOwnPropertyNames(BinaryReader.prototype).filter(
      (name) => !Object.hasOwn(WindowReader.prototype, name) && name !== 'assertBounds',
    );
    assert.deepEqual(missing, []);
    assert.ok(new WindowReader() instanceof BinaryReader);
    assert.deepEqual(Object.keys(new WindowReader()), Object.keys(new WindowReader(Buffer.alloc(9), 1, 3)));
  });
});
