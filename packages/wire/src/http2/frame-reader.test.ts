import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ConnectionError } from './error-code.js';
import { FrameReader, type FrameSink, readUint31, readUint32 } from './frame-reader.js';
import { chunked, chunkSizes } from './testing/chunked.js';
import { type Frame, frameBytes, told } from './testing/frames.js';

/** Keeps what it is told; ends after so many frames. */
class Collector implements FrameSink {
  readonly frames: Frame[] = [];
  /** The memory that each payload was handed on in. */
  readonly memory: Buffer[] = [];

  constructor(private readonly endsAfter = Number.POSITIVE_INFINITY) {}

  get ended(): boolean {
    return this.frames.length >= this.endsAfter;
  }

  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    this.frames.push({ type, flags, streamId, payload: bytes.subarray(start, end) });
    this.memory.push(bytes);
  }
}

const frame = (type: number, streamId: number, size: number, flags = 0): Frame => ({
  type,
  flags,
  streamId,
  payload: Buffer.from(Array.from({ length: size }, (_, index) => (index * 7 + size) % 256)),
});
const someFrames = [
  frame(4, 0, 0, 1),
  frame(1, 1, 20, 4),
  frame(0, 1, 300),
  frame(0, 2 ** 31 - 1, 0, 1),
  frame(8, 0, 4),
];
const bytesOf = (frames: readonly Frame[]): Buffer => Buffer.concat(frames.map(frameBytes));

function read(chunks: readonly Buffer[], sink = new Collector()): Collector {
  const reader = new FrameReader();
  for (const chunk of chunks) reader.feed(chunk, sink);
  return sink;
}

const size = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(4087, 16_383, 16_384), fc.nat({ max: 16_384 }));
const anyFrame = fc
  .record({ type: fc.nat({ max: 255 }), flags: fc.nat({ max: 255 }), streamId: fc.nat({ max: 2 ** 31 - 1 }), size })
  .map((one) => frame(one.type, one.streamId, one.size, one.flags));

describe('FrameReader', () => {
  it('finds the same frames wherever a stream is cut in two', () => {
    const bytes = bytesOf(someFrames);
    for (let at = 0; at <= bytes.length; at++) {
      const chunks = [Buffer.from(bytes.subarray(0, at)), Buffer.from(bytes.subarray(at))];
      assert.deepEqual(read(chunks).frames, someFrames, `cut at ${at}`);
    }
  });

  it('finds the same frames byte by byte', () => {
    assert.deepEqual(read(chunked(bytesOf(someFrames), [1])).frames, someFrames);
  });

  it('finds any frames in any chunks', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 12 }), chunkSizes, (frames, sizes) => {
        assert.deepEqual(told(read(chunked(bytesOf(frames), sizes)).frames), told(frames));
      }),
      { numRuns: 100 },
    );
  });

  it('hands a frame on in place when its chunk has all of it', () => {
    const chunk = bytesOf(someFrames);
    for (const memory of read([chunk]).memory) assert.equal(memory, chunk);
  });

  it('puts a frame that straddles chunks into memory of its own, which no later chunk writes to', () => {
    const [first, second] = [frame(0, 1, 5000), frame(0, 3, 5000)];
    const sink = read(chunked(bytesOf([first, second]), [3000]));
    assert.deepEqual(told(sink.frames), told([first, second]));
    assert.notEqual(sink.memory[0], sink.memory[1]);
    assert.equal(sink.memory[0]?.length, 5009);
  });

  it('refuses a frame over the limit as soon as its header is there', () => {
    const header = frameBytes(frame(0, 1, 16_385)).subarray(0, 9);
    for (let at = 1; at <= 9; at++) {
      const reader = new FrameReader();
      const feed = (): void => {
        reader.feed(Buffer.from(header.subarray(0, at)), new Collector());
        reader.feed(Buffer.from(header.subarray(at)), new Collector());
      };
      assert.throws(feed, (error) => error instanceof ConnectionError && error.code === 6, `cut at ${at}`);
    }
  });

  it('reads the frames in front of one over the limit', () => {
    const sink = new Collector();
    const bytes = bytesOf([...someFrames, frame(0, 1, 20_000)]);
    assert.throws(() => read([bytes], sink), /20000 bytes is over the 16384/);
    assert.deepEqual(sink.frames, someFrames);
  });

  it('reads nothing behind the frame that ended the connection', () => {
    const bytes = bytesOf(someFrames);
    for (const sizes of [[1], [25], [100], [1000]]) {
      const ended = new Collector(2);
      const reader = new FrameReader();
      for (const chunk of chunked(bytes, sizes)) if (!ended.ended) reader.feed(chunk, ended);
      assert.deepEqual(ended.frames, someFrames.slice(0, 2));
    }
  });

  it('does not let the reserved bit of the stream id through', () => {
    const bytes = frameBytes(frame(0, 5, 3));
    bytes[5] = 0x80;
    assert.equal(read([bytes]).frames[0]?.streamId, 5);
  });
});

describe('readUint31 and readUint32', () => {
  it('read what DataView reads, without and with the top bit', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 32 - 1 }), (value) => {
        const bytes = Buffer.alloc(6);
        bytes.writeUInt32BE(value, 1);
        assert.equal(readUint32(bytes, 1), value);
        assert.equal(readUint31(bytes, 1), value % 2 ** 31);
      }),
    );
  });
});
