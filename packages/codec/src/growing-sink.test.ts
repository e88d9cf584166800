import assert from 'node:assert/strict';
import { GrowingSink } from './growing-sink.js';

describe('GrowingSink', () => {
  it('keeps what was written, and its place, when it grows', () => {
    const sink = new GrowingSink(4);
    const first = sink.bytes;
    sink.bytes.write('abcd');
    sink.pos = 4;
    sink.reserve(0);
    assert.equal(sink.bytes, first);
    sink.reserve(1);
    assert.equal(sink.bytes.length, 8);
    sink.reserve(1000);
    assert.equal(sink.bytes.length, 1004);
    assert.equal(sink.bytes.toString('latin1', 0, 4), 'abcd');
    assert.equal(sink.pos, 4);
  });

  it('can begin with no room at all', () => {
    const sink = new GrowingSink(0);
    sink.reserve(1);
    assert.ok(sink.bytes.length >= 1);
  });
});
