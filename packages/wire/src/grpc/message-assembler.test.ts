import assert from 'node:assert/strict';
import fc from 'fast-check';
import { chunked, chunkSizes } from '../http2/testing/chunked.js';
import { isOneMessage, MessageAssembler, type MessageSink } from './message-assembler.js';

interface Message {
  readonly text: string;
  readonly compressed: boolean;
}

/** Keeps what it is told. Its end is noted as well. */
class Collector implements MessageSink {
  readonly messages: Message[] = [];
  /** The memory that each message was handed on in. */
  readonly memory: Buffer[] = [];
  bad: readonly [flag: number, length: number] | undefined;

  onMessage(bytes: Buffer, start: number, end: number, compressed: boolean): void {
    assert.equal(this.bad, undefined, 'nothing is read behind a bad prefix');
    this.messages.push({ text: bytes.toString('latin1', start, end), compressed });
    this.memory.push(bytes);
  }

  onBadPrefix(flag: number, length: number): void {
    assert.equal(this.bad, undefined, 'told once');
    this.bad = [flag, length];
  }
}

function prefixed(flag: number, length: number, payload: string): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flag, 0);
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, Buffer.from(payload, 'latin1')]);
}

const bytesOf = (messages: readonly Message[]): Buffer =>
  Buffer.concat(messages.map(({ text, compressed }) => prefixed(compressed ? 1 : 0, text.length, text)));

/** Feeds chunks that lie between other bytes, as a payload lies in a frame. */
function feed(assembler: MessageAssembler, chunks: readonly Buffer[], sink = new Collector()): Collector {
  for (const chunk of chunks) {
    const around = Buffer.concat([Buffer.alloc(9, 0xff), chunk, Buffer.alloc(9, 0xff)]);
    assembler.feed(around, 9, 9 + chunk.length, sink);
  }
  return sink;
}

const someMessages: readonly Message[] = [
  { text: '', compressed: false },
  { text: 'a', compressed: true },
  { text: 'hello world', compressed: false },
  { text: '', compressed: true },
  { text: 'z'.repeat(40), compressed: false },
];
const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.tuple(fc.constantFrom('a', 'b'), fc.nat({ max: 150_000 })).map(([letter, length]) => letter.repeat(length)),
);

describe('MessageAssembler', () => {
  it('finds the same messages wherever a payload is cut in two', () => {
    const bytes = bytesOf(someMessages);
    for (let at = 0; at <= bytes.length; at++) {
      const assembler = new MessageAssembler(100);
      const sink = feed(assembler, [bytes.subarray(0, at), bytes.subarray(at)]);
      assert.deepEqual(sink.messages, someMessages, `cut at ${at}`);
      assert.equal(assembler.atBoundary, true);
    }
  });

  it('finds any messages in any frames', () => {
    const property = fc.property(
      fc.array(fc.record({ text, compressed: fc.boolean() }, { noNullPrototype: true }), { maxLength: 6 }),
      chunkSizes,
      (messages, sizes) => {
        const bytes = bytesOf(messages);
        const sink = feed(
          new MessageAssembler(200_000),
          chunked(bytes, bytes.length > 20_000 ? [977, ...sizes] : sizes),
        );
        assert.deepEqual(sink.messages, messages);
      },
    );
    fc.assert(property, { numRuns: 60 });
  });

  it('hands a message that lies in one frame on in place, also when its prefix came before', () => {
    const assembler = new MessageAssembler(100);
    const sink = new Collector();
    const whole = bytesOf([{ text: 'whole', compressed: false }]);
    assembler.feed(whole, 0, whole.length, sink);
    assembler.feed(whole, 0, 5, sink);
    assembler.feed(whole, 5, whole.length, sink);
    assert.deepEqual(
      sink.memory.map((memory) => memory === whole),
      [true, true],
    );
    assert.equal(assembler.heldBytes, 0);
  });

  it('hands a message that straddles frames on in memory of its own, which is never written again', () => {
    const bytes = bytesOf([
      { text: 'a'.repeat(50), compressed: false },
      { text: 'b'.repeat(50), compressed: false },
    ]);
    const sink = feed(new MessageAssembler(100), chunked(bytes, [20]));
    assert.equal(sink.memory.map((memory) => memory.toString()).join(), `${'a'.repeat(50)},${'b'.repeat(50)}`);
  });

  it('knows whether a stream may end here', () => {
    const bytes = bytesOf([{ text: 'abc', compressed: false }]);
    const assembler = new MessageAssembler(100);
    assert.equal(assembler.atBoundary, true);
    for (let at = 0; at < bytes.length; at++) {
      feed(assembler, [bytes.subarray(at, at + 1)]);
      assert.equal(assembler.atBoundary, at === bytes.length - 1, `after ${at + 1} bytes`);
    }
  });

  it('takes a message of exactly the limit, and none of a byte more', () => {
    const assembler = new MessageAssembler(3);
    const bytes = Buffer.concat([prefixed(0, 3, 'abc'), prefixed(1, 4, 'abcd'), prefixed(0, 1, 'x')]);
    const sink = feed(assembler, [bytes]);
    assert.deepEqual([sink.messages, sink.bad], [[{ text: 'abc', compressed: false }], [1, 4]]);
    feed(assembler, [bytes], sink);
    assert.equal(sink.messages.length, 1);
    assert.equal(assembler.atBoundary, false);
  });

  it('refuses flags that nobody knows, as soon as the prefix is there', () => {
    for (const flag of [2, 3, 128, 255]) {
      const sink = feed(new MessageAssembler(100), [prefixed(flag, 3, '')]);
      assert.deepEqual(sink.bad, [flag, 3]);
    }
  });

  it('refuses the longest length there is', () => {
    const sink = feed(new MessageAssembler(2 ** 31), [prefixed(0, 2 ** 32 - 1, 'x')]);
    assert.deepEqual(sink.bad, [0, 2 ** 32 - 1]);
  });

  it('sets aside no memory for an announcement, 64 KiB for a beginning, and then at most twice what came', () => {
    const length = 50_000_000;
    const assembler = new MessageAssembler(length);
    const sink = feed(assembler, [prefixed(0, length, '')]);
    assert.equal(assembler.heldBytes, 0);
    feed(assembler, [Buffer.alloc(1)], sink);
    assert.equal(assembler.heldBytes, 64 * 1024);
    const frame = Buffer.alloc(16_384);
    for (let came = 1 + frame.length; came < 5_000_000; came += frame.length) {
      feed(assembler, [frame], sink);
      assert.ok(assembler.heldBytes >= came && assembler.heldBytes <= Math.max(64 * 1024, 2 * came));
    }
  });

  it('sets aside no more than the message needs, and nothing when it is complete', () => {
    const assembler = new MessageAssembler(100_000);
    const bytes = prefixed(0, 70_000, 'x'.repeat(70_000));
    const sink = feed(assembler, [bytes.subarray(0, 10)]);
    assert.equal(assembler.heldBytes, 64 * 1024);
    feed(assembler, [bytes.subarray(10, 69_000)], sink);
    assert.equal(assembler.heldBytes, 70_000);
    feed(assembler, [bytes.subarray(69_000)], sink);
    assert.equal(assembler.heldBytes, 0);
    assert.equal(sink.messages.length, 1);
    const small = new MessageAssembler(100_000);
    feed(small, [prefixed(0, 10, 'x')]);
    assert.equal(small.heldBytes, 10);
  });
});

describe('isOneMessage', () => {
  it('holds for exactly one uncompressed message, and nothing else', () => {
    const holds = (bytes: Buffer): boolean =>
      isOneMessage(Buffer.concat([Buffer.from('--'), bytes, Buffer.from('--')]), 2, 2 + bytes.length);
    assert.equal(holds(prefixed(0, 0, '')), true);
    assert.equal(holds(prefixed(0, 3, 'abc')), true);
    for (const bytes of [
      Buffer.alloc(0),
      prefixed(0, 0, '').subarray(0, 4),
      prefixed(0, 3, 'ab'),
      prefixed(0, 3, 'abcd'),
      prefixed(1, 3, 'abc'),
      prefixed(2, 3, 'abc'),
    ])
      assert.equal(holds(bytes), false, bytes.toString('hex'));
  });
});
