import assert from 'node:assert/strict';
import { LatePayload } from './late-payload.js';

describe('LatePayload', () => {
  it('is as much as the windows of the streams allowed that were reset', () => {
    const late = new LatePayload();
    assert.equal(late.take(1), false);
    late.expect(1000, 10_000);
    late.expect(500, 10_000);
    assert.equal(late.take(1400), true);
    assert.equal(late.take(101), false);
    assert.equal(late.take(100), true);
    assert.equal(late.take(1), false);
  });

  it('is no more than the window of the connection, however many were reset', () => {
    const late = new LatePayload();
    for (let stream = 0; stream < 100; stream++) late.expect(1000, 10_000);
    assert.equal(late.take(10_000), true);
    assert.equal(late.take(5), false);
  });

  it('comes in frames of at least five bytes: empty ones are not unlimited', () => {
    const late = new LatePayload();
    late.expect(100, 10_000);
    let frames = 0;
    while (late.take(0)) frames += 1;
    assert.equal(frames, 20);
  });
});
