import assert from 'node:assert/strict';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import type { ByteSink } from '../byte-sink.js';
import { attempt } from '../conformance/attempt.js';
import { GrowingSink } from '../growing-sink.js';
import { SinkWriter } from './sink-writer.js';

type Method = Exclude<keyof BinaryWriter, 'fork' | 'join' | 'finish' | 'tag'>;
/** One call of a method, or what is written between fork and join. */
type Step = readonly [method: Method, value: unknown] | readonly Step[];

const isCall = (step: Step): step is readonly [Method, unknown] => typeof step[0] === 'string';

/** What writers have in common for a test that calls them with anything. */
type AnyWriter = Readonly<Record<Method, (value: unknown) => void>> & {
  fork(): void;
  join(): void;
  finish(): Uint8Array;
};

const asAny = (writer: BinaryWriter | SinkWriter): AnyWriter => writer as unknown as AnyWriter;

function play(writer: AnyWriter, steps: readonly Step[]): void {
  for (const step of steps) {
    if (isCall(step)) writer[step[0]](step[1]);
    else {
      writer.fork();
      play(writer, step);
      writer.join();
    }
  }
}

const hex = (writer: AnyWriter, steps: readonly Step[]): unknown =>
  attempt(() => {
    play(writer, steps);
    return Buffer.from(writer.finish()).toString('hex');
  });

/** A sink that grows by no byte more than it must, and spoils the buffer that it leaves. */
class MeanSink implements ByteSink {
  bytes = Buffer.alloc(0);
  pos = 0;

  reserve(byteCount: number): void {
    const next = Buffer.alloc(this.pos + byteCount);
    this.bytes.copy(next, 0, 0, this.pos);
    this.bytes.fill(0xee);
    this.bytes = next;
  }
}

const sameAsDefault = (...steps: readonly Step[]): void => {
  const expected = hex(asAny(new BinaryWriter()), steps);
  assert.deepEqual(hex(asAny(new SinkWriter()), steps), expected);
  assert.deepEqual(hex(asAny(new SinkWriter(new MeanSink())), steps), expected);
};

const WRONG = [undefined, null, true, {}, [], Symbol('s'), 'x', '', ' 7 ', '1e3', '0x10', '-0', '5', '-5', 7n];
const BORDERS = [0, 7, 8, 14, 21, 28, 31, 32, 35, 42, 49, 53, 56, 63, 64].flatMap((bits) =>
  [-1n, 0n, 1n].flatMap((near) => [(1n << BigInt(bits)) + near, -(1n << BigInt(bits)) + near]),
);
const NUMBERS = [
  ...BORDERS.map(Number),
  -0,
  0.5,
  3.4028234663852886e38,
  3.4028235677973366e38,
  NaN,
  Infinity,
  -Infinity,
];
// Mostly right: the first wrong value ends a message.
const wrong = { arbitrary: fc.constantFrom(...WRONG), weight: 1 };
const mostly = <V>(...right: readonly fc.Arbitrary<V>[]) =>
  fc.oneof(...right.map((arbitrary) => ({ arbitrary, weight: 40 })), wrong);
const uint32 = mostly(fc.constantFrom(0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32 - 1), fc.nat());
const int32 = mostly(fc.constantFrom(0, -1, 127, 128, -64, -65, 2 ** 31 - 1, -(2 ** 31)), fc.integer());
const float = mostly(fc.constantFrom(-0, NaN, Infinity, -Infinity, 3.4028234663852886e38), fc.float());
const int64 = mostly(fc.constantFrom(...BORDERS), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), int32);
const uint64 = mostly(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), uint32);
const unit = fc.oneof(fc.integer({ max: 0x7f }), fc.integer({ max: 0xffff })).map((code) => String.fromCharCode(code));
const text = mostly(
  fc.string({ unit, maxLength: 60 }),
  fc.tuple(fc.constantFrom('a', 'ß', '語', '😀'), fc.nat(200)).map(([piece, count]) => piece.repeat(count)),
);
const call = fc.oneof(
  fc.tuple(fc.constantFrom<Method>('uint32', 'fixed32'), uint32),
  fc.tuple(fc.constantFrom<Method>('int32', 'sint32', 'sfixed32'), int32),
  fc.tuple(fc.constantFrom<Method>('float', 'double'), float),
  fc.tuple(fc.constant<Method>('double'), mostly(fc.double())),
  fc.tuple(fc.constantFrom<Method>('int64', 'sint64', 'sfixed64'), int64),
  fc.tuple(fc.constantFrom<Method>('uint64', 'fixed64'), uint64),
  fc.tuple(fc.constant<Method>('bool'), mostly(fc.boolean())),
  fc.tuple(fc.constant<Method>('string'), text),
  fc.tuple(fc.constantFrom<Method>('bytes', 'raw'), fc.uint8Array({ maxLength: 200 })),
);
const { steps } = fc.letrec<{ steps: readonly Step[]; step: Step }>((tie) => ({
  step: fc.oneof({ depthSize: 'small', withCrossShrink: true }, call, tie('steps')),
  steps: fc.array(tie('step'), { maxLength: 8 }),
}));

describe('SinkWriter', () => {
  it('writes the bytes of BinaryWriter or throws its error, whatever it is told to write', () => {
    fc.assert(
      fc.property(steps, (all) => sameAsDefault(...all)),
      { numRuns: 1000 },
    );
  });

  it('does so for each method with each value on a border and each wrong one', () => {
    const methods = Object.getOwnPropertyNames(SinkWriter.prototype).filter((name) => name in BinaryWriter.prototype);
    const plain = methods.filter((name) => !/^(?:constructor|finish|fork|join|tag|raw|bytes)$/.test(name)) as Method[];
    assert.equal(plain.length, 14);
    for (const method of plain)
      for (const value of [...NUMBERS, ...BORDERS, ...BORDERS.map(String), ...WRONG]) sameAsDefault([method, value]);
    for (const value of [undefined, null, 'abc', [1, 2], 5, new Uint8ClampedArray([1, 2]), new Int8Array([-1, 2])])
      sameAsDefault(['bytes', value]);
  });

  it('writes text of every width around every length at which something changes', () => {
    for (const piece of [
      'a',
      '\x7f',
      '\x80',
      'ÿ',
      'Ā',
      '\u07ff',
      '\u0800',
      '\uffff',
      '😀',
      '\ud800',
      '\udc00',
      '\ufeff',
    ]) {
      const size = Buffer.byteLength(piece);
      for (const length of [1, 35, 36, 37, 42, 43, 126, 127, 128, 129, 341, 1024, 16_383, 16_384, 16_385]) {
        for (const count of [Math.ceil(length / piece.length), Math.ceil(length / size)]) {
          sameAsDefault(['string', piece.repeat(count)]);
          sameAsDefault(['string', `${'a'.repeat(count)}${piece}`]);
          sameAsDefault(['string', `${piece}${'a'.repeat(count)}`]);
        }
      }
    }
    sameAsDefault(['string', 'ß'.repeat(1_050_000)]);
  });

  it('makes room for the length of what was forked, however long it became', () => {
    const write = (length: number): Step => ['raw', Buffer.alloc(length, 7)];
    for (const length of [0, 1, 126, 127, 128, 129, 16_382, 16_383, 16_384, 2_097_151, 2_097_152]) {
      sameAsDefault(['uint32', 10], [write(length)], ['uint32', 5]);
      sameAsDefault(['uint32', 10], [['uint32', 18], [write(length)], [['bool', true]]], ['uint32', 5]);
    }
  });

  it('writes tags, and refuses a join without a fork', () => {
    for (const fieldNo of [1, 15, 16, 2047, 536_870_911]) {
      const [ours, theirs] = [new SinkWriter(), new BinaryWriter()];
      for (const type of [WireType.Varint, WireType.LengthDelimited, WireType.Bit32]) {
        ours.tag(fieldNo, type);
        theirs.tag(fieldNo, type);
      }
      assert.deepEqual(ours.finish(), Buffer.from(theirs.finish()));
    }
    assert.deepEqual(
      attempt(() => new SinkWriter().join()),
      attempt(() => new BinaryWriter().join()),
    );
  });

  it('begins anew after finish, also after half a message', () => {
    const writer = new SinkWriter();
    const first = writer.uint32(8).string('first').finish();
    assert.throws(() => writer.fork().int32(2 ** 31), /invalid int32: 2147483648/);
    writer.finish();
    assert.deepEqual(writer.bool(true).finish(), Buffer.from([1]));
    assert.throws(() => writer.join(), /fork stack empty/);
    assert.deepEqual(first, Buffer.from([8, 5, ...Buffer.from('first')]));
  });

  it('turns to another sink with nothing left over from the last', () => {
    const writer = new SinkWriter();
    writer.fork().fork().uint32(1);
    const sink = new GrowingSink();
    sink.pos = 3;
    writer.attach(sink);
    writer.string('abc');
    assert.throws(() => writer.join(), /fork stack empty/);
    assert.equal(writer.pos, 7);
    assert.equal(sink.pos, 3);
    assert.deepEqual(writer.finish(), Buffer.from('\x03abc'));
    assert.equal(writer.pos, 3);
  });

  it('refuses for bytes what BinaryWriter would make a broken message of', () => {
    for (const value of [new ArrayBuffer(4), new DataView(new ArrayBuffer(4)), new Uint16Array(2)])
      assert.throws(() => asAny(new SinkWriter()).bytes(value), new TypeError('invalid bytes: not a Uint8Array'));
    const sink: ByteSink = { bytes: Buffer.alloc(9), pos: 0, reserve: () => {} };
    assert.throws(() => asAny(new SinkWriter(sink)).raw({}), RangeError);
  });

  it('throws rather than lose bytes when a sink makes no room', () => {
    const full: ByteSink = { bytes: Buffer.alloc(3), pos: 0, reserve: () => {} };
    assert.throws(() => new SinkWriter(full).string('abcd'), new RangeError('the sink has no room for 5 bytes'));
  });

  it('does no harm once it was given back', () => {
    const sink = new GrowingSink(100);
    const writer = new SinkWriter();
    writer.attach(sink);
    writer.uint32(7);
    writer.detach();
    assert.throws(() => writer.uint32(8), /belongs to a message that has been encoded already/);
    assert.throws(() => writer.join(), /fork stack empty/);
    assert.equal(sink.bytes[0], 7);
  });

  it('is a BinaryWriter and has a method of its own for each of its', () => {
    const inner = ['ensureCapacity', 'view', 'writeVarint64'];
    const missing = Object.getOwnPropertyNames(BinaryWriter.prototype).filter(
      (name) => !Object.hasOwn(SinkWriter.prototype, name) && !inner.includes(name),
    );
    assert.deepEqual(missing, []);
    assert.ok(new SinkWriter() instanceof BinaryWriter);
  });
});
