import assert from 'node:assert/strict';
import type { ByteSink } from '@breakwater/codec';
import fc from 'fast-check';
import { BufferSink } from '../hpack/testing/buffer-sink.js';
import {
  putFrameHeader,
  writeFrameHeader,
  writeGoaway,
  writePing,
  writeReset,
  writeSettings,
  writeSettingsAck,
  writeWindowUpdate,
} from './frame-writer.js';
import { type Frame, frameBytes, framesOf } from './testing/frames.js';

/** The one frame that is written, between other bytes. */
function written(write: (sink: ByteSink) => void): Frame {
  const sink = new BufferSink();
  sink.reserve(3);
  sink.pos = 3;
  write(sink);
  sink.reserve(2);
  sink.pos += 2;
  const [frame, ...more] = framesOf(sink.take().subarray(3, -2));
  assert.ok(frame !== undefined && more.length === 0);
  return frame;
}

const frame = (type: number, flags: number, streamId: number, hex: string): Frame => ({
  type,
  flags,
  streamId,
  payload: Buffer.from(hex.replaceAll(' ', ''), 'hex'),
});

describe('the frames that sessions write', () => {
  it('have their fields where RFC 9113 puts them', () => {
    const reset = written((sink) => writeReset(sink, 5, 0xdeadbeef));
    assert.deepEqual(reset, frame(3, 0, 5, 'deadbeef'));
    const update = written((sink) => writeWindowUpdate(sink, 2 ** 31 - 1, 2 ** 31 - 1));
    assert.deepEqual(update, frame(8, 0, 2 ** 31 - 1, '7fffffff'));
    const ping = written((sink) => writePing(sink, false, Buffer.from('12345678')));
    assert.deepEqual(ping, frame(6, 0, 0, '3132333435363738'));
    const pong = written((sink) => writePing(sink, true, Buffer.from('12345678')));
    assert.deepEqual(pong, frame(6, 1, 0, '3132333435363738'));
    const goaway = written((sink) => writeGoaway(sink, 7, 11, 'bye'));
    assert.deepEqual(goaway, frame(7, 0, 0, '00000007 0000000b 627965'));
    const ids: [number, number][] = [
      [3, 100],
      [0x1234, 2 ** 32 - 1],
    ];
    assert.deepEqual(
      written((sink) => writeSettings(sink, ids)),
      frame(4, 0, 0, '0003 00000064 1234 ffffffff'),
    );
    assert.deepEqual(
      written((sink) => writeSettings(sink, [])),
      frame(4, 0, 0, ''),
    );
    assert.deepEqual(
      written((sink) => writeSettingsAck(sink)),
      frame(4, 1, 0, ''),
    );
  });

  it('carry no more debug text than 256 characters', () => {
    const { payload } = written((sink) => writeGoaway(sink, 0, 0, 'x'.repeat(10_000)));
    assert.equal(payload.length, 8 + 256);
  });

  it('have any header', () => {
    const byte = fc.nat({ max: 255 });
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 24 - 1 }), byte, byte, fc.nat({ max: 2 ** 31 - 1 }), (length, type, flags, id) => {
        const expected = frameBytes({ type, flags, streamId: id, payload: Buffer.alloc(0) });
        expected.writeUIntBE(length, 0, 3);
        const put = Buffer.alloc(11);
        putFrameHeader(put, 1, length, type, flags, id);
        assert.deepEqual(put.subarray(1, 10), expected);
      }),
    );
  });

  it('make room for their payload along with their header', () => {
    const sink = new BufferSink();
    writeFrameHeader(sink, 1000, 0, 0, 1);
    assert.equal(sink.pos, 9);
    assert.ok(sink.bytes.length >= 1009);
  });
});
