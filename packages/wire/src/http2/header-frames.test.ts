import assert from 'node:assert/strict';
import fc from 'fast-check';
import { beginHeaders, endHeaders } from './header-frames.js';
import { Output } from './output.js';
import { FakeSocket } from './testing/fake-socket.js';
import { type Frame, framesOf, told } from './testing/frames.js';

const HEADERS = 1;
const CONTINUATION = 9;
const END_STREAM = 1;
const END_HEADERS = 4;

const pattern = Buffer.from(Array.from({ length: 120_000 }, (_, index) => (index * 31) % 251));
const someBytes = (length: number): Buffer => pattern.subarray(0, length);

/** Writes a header block behind other output, and more output behind it. @returns the frames of the block */
function send(block: Buffer, endStream: boolean, maxFrameBytes: number, before: number): Frame[] {
  const socket = new FakeSocket();
  const out = new Output(socket, { beforeWrite: () => {} }, false);
  const append = (bytes: Buffer): void => {
    out.reserve(bytes.length);
    bytes.copy(out.bytes, out.pos);
    out.pos += bytes.length;
  };
  append(someBytes(before));
  const at = beginHeaders(out);
  append(block);
  endHeaders(out, at, 5, endStream, maxFrameBytes);
  append(Buffer.from('behind'));
  out.flush();
  const sent = socket.read();
  assert.ok(sent.subarray(0, before).equals(someBytes(before)));
  assert.equal(sent.toString('latin1', sent.length - 6), 'behind');
  return framesOf(sent.subarray(before, sent.length - 6));
}

describe('header frames', () => {
  it('are one HEADERS frame when the block fits, to the byte', () => {
    for (const length of [0, 1, 16_383, 16_384]) {
      const payload = someBytes(length);
      const frames = told(send(payload, false, 16_384, 0));
      assert.deepEqual(frames, told([{ type: HEADERS, flags: END_HEADERS, streamId: 5, payload }]));
    }
  });

  it('are HEADERS and CONTINUATION when it does not: the first ends the stream, the last the block', () => {
    const shape = send(someBytes(25), true, 10, 0).map(({ type, flags, payload }) => [type, flags, payload.length]);
    assert.deepEqual(shape, [
      [HEADERS, END_STREAM, 10],
      [CONTINUATION, 0, 10],
      [CONTINUATION, END_HEADERS, 5],
    ]);
  });

  it('have room for their own bytes, where the slab is full', () => {
    for (let missing = -2; missing < 40; missing++) {
      for (const length of [0, 10, 100]) {
        const frames = send(someBytes(length), false, 25, 65_536 - length - missing);
        assert.ok(Buffer.concat(frames.map(({ payload }) => payload)).equals(someBytes(length)));
      }
    }
  });

  it('carry any block unchanged, however it is cut', () => {
    const property = fc.property(
      fc.nat({ max: 120_000 }),
      fc.boolean(),
      fc.integer({ min: 100, max: 20_000 }),
      fc.constantFrom(0, 1, 65_000, 70_000),
      (length, endStream, maxFrameBytes, before) => {
        const frames = send(someBytes(length), endStream, maxFrameBytes, before);
        assert.ok(Buffer.concat(frames.map(({ payload }) => payload)).equals(someBytes(length)));
        assert.equal(frames.length, Math.max(1, Math.ceil(length / maxFrameBytes)));
        for (const [index, { type, flags, streamId, payload }] of frames.entries()) {
          assert.equal(streamId, 5);
          assert.ok(payload.length <= maxFrameBytes);
          assert.equal(type, index === 0 ? HEADERS : CONTINUATION);
          assert.equal((flags & END_STREAM) !== 0, endStream && index === 0);
          assert.equal((flags & END_HEADERS) !== 0, index === frames.length - 1);
        }
      },
    );
    fc.assert(property, { numRuns: 60 });
  });
});
