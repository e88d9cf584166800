import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import * as wire from '@bufbuild/protobuf/wire';
import type { ByteSink } from './byte-sink.js';
import type { CodecType } from './codec-type.js';
import { attempt } from './conformance/attempt.js';
import type { FastReader } from './fast-reader.js';
import { GrowingSink } from './growing-sink.js';
import { MessageCodec } from './message-codec.js';
import { Choices, Lists, Maps, Nothing, Optionals, Scalars } from './testdata/gen/kinds.pb.js';

const byDefault = <T, P>(type: CodecType<T, P>, partial: P): Buffer =>
  Buffer.from(type.encode(type.fromPartial(partial)).finish());

/** A codec that knows its type already. */
function warm<T, P>(type: CodecType<T, P>, partial: P): MessageCodec<T, P> {
  const codec = new MessageCodec(type);
  codec.decode(codec.encode(partial));
  assert.ok(codec.isFast);
  return codec;
}

const SCALARS = warm(Scalars, { fInt32: 1 });

describe('MessageCodec', () => {
  describe('encode', () => {
    it('gives the bytes that the type gives by itself, for the first message and all others', () => {
      const codec = new MessageCodec(Scalars);
      for (let count = 0; count < 3; count++) {
        const partial = { fString: 'Grüße', fInt64: -5n, fMessage: { fDouble: count } };
        assert.deepEqual(codec.encode(partial), byDefault(Scalars, partial));
      }
    });

    it('takes the partial messages that fromPartial takes, and changes nothing in them', () => {
      const at = Object.freeze({ fInt64: '7', fUint64: 8, fString: null, surplus: 1 }) as unknown as Partial<Scalars>;
      assert.deepEqual(SCALARS.encode(at), byDefault(Scalars, { fInt64: 7n, fUint64: 8n }));
      const nothing = { choice: { $case: 'fNothing' } } as const;
      assert.deepEqual(warm(Choices, { second: { $case: 'left', value: '' } }).encode(nothing), Buffer.alloc(0));
      const maps = {
        byUint64: new Map([[1n, undefined as unknown as Scalars]]),
        byString: { a: 5 as unknown as string },
      };
      assert.deepEqual(warm(Maps, { byString: { b: 'c' } }).encode(maps), byDefault(Maps, { byString: { a: '5' } }));
      const optionals = { fNothing: null as unknown as Nothing, fBool: false };
      assert.deepEqual(warm(Optionals, { fBool: true }).encode(optionals), byDefault(Optionals, { fBool: false }));
    });

    it('gives a Buffer of exactly the message that no later message changes', () => {
      const first = SCALARS.encode({ fString: 'first' });
      assert.equal(first.length, byDefault(Scalars, { fString: 'first' }).length);
      const copy = Buffer.from(first);
      const second = SCALARS.encode({ fString: 'other', fMessage: { fString: 'inner' } });
      assert.deepEqual(first, copy);
      first.fill(0);
      assert.deepEqual(second, byDefault(Scalars, { fString: 'other', fMessage: { fString: 'inner' } }));
    });

    it('throws what the type throws by itself, and works as before after it', () => {
      for (const wrong of [
        null,
        { fInt32: 2 ** 31 },
        { fUint32: -1 },
        { fFloat: 1e39 },
        { fInt64: 2n ** 63n },
        { fInt64: 'x' },
      ]) {
        const partial = wrong as unknown as Partial<Scalars>;
        const expected = attempt(() => byDefault(Scalars, partial));
        assert.ok('error' in expected);
        assert.deepEqual(
          attempt(() => SCALARS.encode(partial)),
          expected,
        );
      }
      assert.deepEqual(SCALARS.encode({ fBool: true }), byDefault(Scalars, { fBool: true }));
    });

    it('encodes large messages, and small ones after them', () => {
      for (const length of [5000, 3_000_000, 10]) {
        const partial = { fString: 'ß'.repeat(length), fBytes: Buffer.alloc(length, 1) };
        assert.deepEqual(SCALARS.encode(partial), byDefault(Scalars, partial));
      }
    });
  });

  describe('encodeInto', () => {
    it('appends to what is in the sink, wherever that grows to', () => {
      const sink = new GrowingSink(1);
      const parts = [{ fInt32: 1 }, { fString: 'x'.repeat(300), fMessage: { fString: 'y'.repeat(200) } }, {}];
      for (const codec of [SCALARS, new MessageCodec(Scalars)]) for (const part of parts) codec.encodeInto(part, sink);
      const expected = Buffer.concat(parts.map((part) => byDefault(Scalars, part)));
      assert.deepEqual(sink.bytes.subarray(0, sink.pos), Buffer.concat([expected, expected]));
    });

    it('works with a sink that encodes other messages when it is asked for room', () => {
      const inner = new GrowingSink(1000);
      const busy: ByteSink = {
        bytes: Buffer.alloc(0),
        pos: 0,
        reserve(byteCount) {
          inner.pos = 0;
          SCALARS.encodeInto({ fDouble: 1e300, fInt64: -7n, fString: 'another' }, inner);
          SCALARS.decode(inner.bytes, 0, inner.pos);
          // No more than it must: it is asked for each number.
          this.bytes = Buffer.concat([this.bytes.subarray(0, this.pos), Buffer.alloc(byteCount)]);
        },
      };
      const partial = {
        fDouble: Math.PI,
        fFixed64: 2n ** 60n,
        fSint64: -(2n ** 50n),
        fString: 'x'.repeat(50),
        fFloat: 2,
      };
      SCALARS.encodeInto(partial, busy);
      assert.deepEqual(busy.bytes.subarray(0, busy.pos), byDefault(Scalars, partial));
    });

    it('leaves the sink where it was when the message or the sink fails', () => {
      const limit = new Error('too much');
      const sink: ByteSink = {
        bytes: Buffer.alloc(20),
        pos: 5,
        reserve: () => {
          throw limit;
        },
      };
      for (const codec of [SCALARS, new MessageCodec(Scalars)]) {
        assert.throws(() => codec.encodeInto({ fInt32: 5, fSfixed32: 2 ** 31 }, sink), /invalid int32/);
        assert.throws(() => codec.encodeInto({ fString: 'x'.repeat(30) }, sink), limit);
        assert.throws(() => codec.encodeInto(null as unknown as Scalars, sink), TypeError);
        assert.equal(sink.pos, 5);
      }
      SCALARS.encodeInto({ fInt32: 5 }, { ...sink, bytes: Buffer.alloc(100) });
    });
  });

  describe('decode', () => {
    it('reads a part of a larger chunk in place, and nothing around it', () => {
      const message = { fString: 'in the midst', fBytes: Buffer.from('abc'), fInt64: 2n ** 40n };
      const bytes = SCALARS.encode(message);
      const chunk = Buffer.concat([Buffer.alloc(10, 0xff), bytes, Buffer.alloc(10, 0xff)]);
      assert.deepEqual(SCALARS.decode(chunk, 10, 10 + bytes.length), Scalars.decode(bytes));
      assert.deepEqual(SCALARS.decode(chunk, 10, 10), Scalars.fromPartial({}));
      for (let end = 10; end < 10 + bytes.length; end++)
        assert.deepEqual(
          attempt(() => SCALARS.decode(chunk, 10, end)),
          attempt(() => Scalars.decode(chunk.subarray(10, end))),
        );
    });

    it('shares no memory with the chunk when the code was generated with env=node', () => {
      const chunk = SCALARS.encode({ fString: 'a text', fBytes: Buffer.from('some bytes') });
      const message = SCALARS.decode(chunk);
      chunk.fill(0x7a);
      assert.equal(message.fString, 'a text');
      assert.deepEqual(message.fBytes, Buffer.from('some bytes'));
    });

    it('gives views of the chunk, as the default reader does, when it was not', () => {
      const Blob: CodecType<{ data: Uint8Array }, object> = {
        ...Scalars,
        fromPartial: () => ({ data: Buffer.alloc(0) }),
        encode: () => Nothing.encode({}),
        decode: (input) => {
          const reader = input instanceof wire.BinaryReader ? input : new wire.BinaryReader(input);
          reader.uint32();
          return { data: reader.bytes() };
        },
      };
      const chunk = Buffer.from([9, 9, 10, 2, 0x61, 0x62]);
      const { data } = new MessageCodec(Blob).decode(chunk, 2);
      assert.equal(data.buffer, chunk.buffer);
      assert.deepEqual(data, Buffer.from('ab'));
    });

    it('goes 100 messages deep, no deeper, and as deep again after that', () => {
      const codec = warm(Choices, { second: { $case: 'right', value: 1 } });
      const nested = (depth: number): Buffer => {
        let bytes = Buffer.alloc(0);
        // A message of exactly this length each time: its own tag, length and content.
        for (let count = 1; count < depth; count++) {
          const writer = new wire.BinaryWriter();
          bytes = Buffer.from(writer.uint32(66).bytes(bytes).finish());
        }
        return bytes;
      };
      for (let round = 0; round < 2; round++) {
        assert.deepEqual(codec.decode(nested(100)), Choices.decode(nested(100)));
        assert.throws(() => Choices.decode(nested(101)), /recursion limit exceeded/);
        assert.throws(() => codec.decode(nested(101)), new Error('protobuf decode recursion limit exceeded'));
      }
    });

    it('does not inherit the depth of a reader that was left deep', () => {
      const careless: CodecType = {
        ...Scalars,
        encode: () => Nothing.encode({}),
        decode: (input) => {
          const reader = input as unknown as { __tsProtoDecodeDepth: number; uint32(): number };
          reader.uint32();
          reader.__tsProtoDecodeDepth = 100;
          throw new Error('left');
        },
      };
      assert.throws(() => new MessageCodec(careless).decode(Buffer.from([1])), /left/);
      assert.deepEqual(SCALARS.decode(Buffer.alloc(0)), Scalars.fromPartial({}));
    });

    it('refuses a window that is none, whoever would read it', () => {
      for (const codec of [SCALARS, new MessageCodec(Scalars)])
        for (const [start, end] of [
          [-1, 2],
          [2, 1],
          [0, 4],
          [NaN, 3],
        ] as const)
          assert.throws(() => codec.decode(Buffer.alloc(3), start, end), /RangeError: \[.*\) is not within 3 bytes/);
    });

    it('takes a Uint8Array that is no Buffer', () => {
      const bytes = Uint8Array.from(SCALARS.encode({ fString: 'plain', fBytes: Buffer.from('x') }));
      assert.deepEqual(SCALARS.decode(bytes), Scalars.decode(bytes));
    });
  });

  describe('while another message is under way', () => {
    /** Bytes that encode and decode other messages at the moment when they are written. */
    class Sneaky extends Uint8Array {
      override get length(): number {
        assert.deepEqual(SCALARS.encode({ fInt32: 7 }), byDefault(Scalars, { fInt32: 7 }));
        const sink = new GrowingSink();
        SCALARS.encodeInto({ fString: 'inner' }, sink);
        assert.equal(SCALARS.decode(sink.bytes, 0, sink.pos).fString, 'inner');
        assert.throws(() => SCALARS.encode({ fInt32: 0.5 }), /invalid int32/);
        return super.length;
      }
    }

    it('encodes others without disturbing it', () => {
      const sneaky = Buffer.from('abc');
      Object.setPrototypeOf(sneaky, Sneaky.prototype);
      const expected = byDefault(Lists, { fString: ['a', 'b'], fBytes: [Buffer.from('abc'), Buffer.from('d')] });
      const codec = warm(Lists, { fBool: [true] });
      const partial = { fString: ['a', 'b'], fBytes: [sneaky, Buffer.from('d')] };
      assert.deepEqual(codec.encode(partial), expected);
      const sink = new GrowingSink();
      codec.encodeInto(partial, sink);
      assert.deepEqual(sink.bytes.subarray(0, sink.pos), expected);
    });

    it('decodes others without disturbing it', () => {
      const type: CodecType<readonly Scalars[], object> = {
        encode: () => Nothing.encode({}),
        decode: (input) => {
          const reader = input instanceof wire.BinaryReader ? input : new wire.BinaryReader(input);
          const first = Scalars.decode(reader, reader.uint32());
          const inner = SCALARS.decode(SCALARS.encode({ fInt32: 9 }));
          return [first, inner, Scalars.decode(reader)];
        },
        fromPartial: () => [],
      };
      const first = byDefault(Scalars, { fInt32: 1, fString: 'one' });
      const last = byDefault(Scalars, { fInt32: 2, fString: 'two' });
      const bytes = Buffer.concat([Buffer.from([first.length]), first, last]);
      assert.deepEqual(
        new MessageCodec(type).decode(bytes).map(({ fInt32, fString }) => `${fInt32}${fString}`),
        ['1one', '9', '2two'],
      );
    });
  });

  describe('with a type that is not generated for this copy of the library', () => {
    const calls: string[] = [];
    const Json: CodecType<unknown, unknown> = {
      encode: (message) => ({ finish: () => new TextEncoder().encode(JSON.stringify(message)) }),
      decode: (bytes) => {
        calls.push(bytes.constructor.name);
        return JSON.parse(Buffer.from(bytes).toString());
      },
      fromPartial: (partial) => ({ text: '', ...(partial as object) }),
    };
    const Raw: CodecType<Uint8Array, Uint8Array> = {
      encode: (message) => ({ finish: () => message }),
      decode: (bytes) => bytes,
      fromPartial: (bytes) => bytes,
    };

    it('serves JSON, through fromPartial and with bytes', () => {
      const codec = new MessageCodec(Json);
      const sink = new GrowingSink(2);
      for (let count = 0; count < 3; count++) {
        assert.deepEqual(codec.encode({ count }), Buffer.from(`{"text":"","count":${count}}`));
        sink.pos = 0;
        codec.encodeInto({ count }, sink);
        assert.deepEqual(codec.decode(sink.bytes, 0, sink.pos), { text: '', count });
      }
      assert.equal(codec.isFast, false);
      // Asked once whether it takes a reader, and never again.
      assert.deepEqual(calls, ['WindowReader', 'Buffer', 'Buffer', 'Buffer']);
      assert.throws(() => codec.decode(Buffer.from('{')), SyntaxError);
    });

    it('hands bytes through that a type hands through, the same object when it is all of them', () => {
      const codec = new MessageCodec(Raw);
      const bytes = Buffer.from('raw');
      for (let count = 0; count < 2; count++) {
        assert.equal(codec.decode(bytes), bytes);
        assert.deepEqual(codec.decode(bytes, 1), Buffer.from('aw'));
        assert.equal(codec.encode(bytes), bytes);
        assert.deepEqual(codec.encode(Uint8Array.of(1)), Buffer.from([1]));
      }
    });

    /** Generated code, for any copy of the library. */
    const priceOf = ({
      BinaryReader,
      BinaryWriter,
    }: typeof wire): CodecType<{ cents: number }, { cents?: number }> => ({
      encode: (message, writer = new BinaryWriter()) => (writer as wire.BinaryWriter).uint32(8).uint32(message.cents),
      decode: (input) => {
        const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
        const message = { cents: 0 };
        while (reader.pos < reader.len) {
          if (reader.uint32() === 8) message.cents = reader.uint32();
          else throw new Error('unknown field');
        }
        return message;
      },
      fromPartial: ({ cents = 0 }) => ({ cents }),
    });

    it('serves code that was generated for another copy', () => {
      // What a CommonJS module gets is another copy than ours.
      const other = createRequire(import.meta.url)('@bufbuild/protobuf/wire') as typeof wire;
      assert.notEqual(other.BinaryReader, wire.BinaryReader);
      for (const [copy, fast] of [
        [wire, true],
        [other, false],
      ] as const) {
        const codec = new MessageCodec(priceOf(copy));
        for (const cents of [0, 5, 70_000]) {
          const bytes = codec.encode({ cents });
          assert.deepEqual(bytes, byDefault(priceOf(wire), { cents }));
          assert.deepEqual(codec.decode(Buffer.concat([Buffer.from([1]), bytes]), 1), { cents });
        }
        assert.throws(() => codec.decode(Buffer.from([16, 1])), new Error('unknown field'));
        assert.equal(codec.isFast, fast);
      }
    });

    it('is not misled by a first message that is empty or broken', () => {
      for (const bytes of [Buffer.alloc(0), Buffer.from([0x80]), Buffer.from([0x0a, 5, 1])]) {
        const codec = new MessageCodec(Scalars);
        const expected = attempt(() => Scalars.decode(bytes));
        for (let count = 0; count < 2; count++)
          assert.deepEqual(
            attempt(() => codec.decode(bytes)),
            expected,
          );
        assert.deepEqual(codec.decode(codec.encode({ fInt32: 5 })).fInt32, 5);
        assert.ok(codec.isFast);
      }
      assert.throws(() => new MessageCodec(Json).decode(Buffer.from('{')), SyntaxError);
    });

    it('serves a type that writes with a writer of its own after all', () => {
      const own: CodecType<Scalars, Partial<Scalars>> = { ...Scalars, encode: (message) => Scalars.encode(message) };
      const codec = new MessageCodec(own);
      const sink = new GrowingSink();
      for (let count = 0; count < 4; count++) {
        assert.deepEqual(codec.encode({ fInt32: count }), byDefault(Scalars, { fInt32: count }));
        sink.pos = 3;
        codec.encodeInto({ fInt32: count }, sink);
        assert.deepEqual(sink.bytes.subarray(3, sink.pos), byDefault(Scalars, { fInt32: count }));
      }
      assert.equal(codec.isFast, false);
    });

    it('is not harmed by a type that keeps writer and reader', () => {
      const kept: { writer?: wire.BinaryWriter; reader?: wire.BinaryReader } = {};
      const keeper: CodecType<Scalars, Partial<Scalars>> = {
        ...Scalars,
        encode: (message, writer = new wire.BinaryWriter()) =>
          Scalars.encode(message, (kept.writer = writer as wire.BinaryWriter)),
        decode: (input) => Scalars.decode((kept.reader = input as unknown as FastReader)),
      };
      const codec = new MessageCodec(keeper);
      codec.decode(codec.encode({ fInt32: 1 }));
      codec.encode({ fInt32: 1 });
      assert.throws(() => kept.writer?.uint32(1), /belongs to a message that has been encoded already/);
      assert.throws(() => kept.reader?.uint32(), /premature EOF/);
      assert.deepEqual(codec.encode({ fInt32: 2 }), byDefault(Scalars, { fInt32: 2 }));
    });
  });
});
