import assert from 'node:assert/strict';
import { giveBackReader, giveBackSink, giveBackWriter, takeReader, takeSink, takeWriter } from './idle.js';

describe('what is idle', () => {
  it('is used again, but never by two at a time', () => {
    const [writer, reader, sink] = [takeWriter(), takeReader(), takeSink()];
    assert.notEqual(takeWriter(), writer);
    assert.notEqual(takeReader(), reader);
    assert.notEqual(takeSink(), sink);
    sink.pos = 7;
    giveBackWriter(writer);
    giveBackReader(reader);
    giveBackSink(sink);
    assert.equal(takeWriter(), writer);
    assert.equal(takeReader(), reader);
    assert.equal(takeSink(), sink);
    assert.equal(sink.pos, 0);
  });

  it('holds on to nothing of its last user', () => {
    const [writer, reader, sink] = [takeWriter(), takeReader(), takeSink()];
    writer.attach(sink);
    reader.attach(Buffer.from([1, 2]), 0, 2);
    giveBackWriter(writer);
    giveBackReader(reader);
    assert.throws(() => writer.bool(true), /belongs to a message that has been encoded already/);
    assert.throws(() => reader.bool(), new RangeError('premature EOF'));
  });

  it('is no sink that a large message has made large', () => {
    const sink = takeSink();
    sink.reserve(2 * 1024 * 1024);
    giveBackSink(sink);
    assert.notEqual(takeSink(), sink);
  });
});
