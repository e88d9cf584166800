import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ConnectionError, ErrorCode } from './error-code.js';
import { HeaderBlock } from './header-block.js';

const isCalm = (error: unknown): boolean =>
  error instanceof ConnectionError && error.code === ErrorCode.enhanceYourCalm;

describe('HeaderBlock', () => {
  it('puts together what came in pieces, block after block', () => {
    const blocks = fc.array(fc.array(fc.uint8Array({ maxLength: 50 }), { minLength: 1, maxLength: 10 }));
    const property = fc.property(blocks, (all) => {
      const block = new HeaderBlock(10_000);
      for (const [index, pieces] of all.entries()) {
        const [first = Buffer.alloc(0), ...rest] = pieces.map((piece) => Buffer.from(piece));
        assert.equal(block.streamId, 0);
        block.begin(index + 1, index % 2 === 0, undefined, first);
        for (const piece of rest) block.add(piece);
        assert.deepEqual([block.streamId, block.endStream], [index + 1, index % 2 === 0]);
        assert.deepEqual(block.finish(), Buffer.concat([first, ...rest]));
      }
    });
    fc.assert(property);
  });

  it('bears a block of exactly its limit, and none of a byte more', () => {
    const block = new HeaderBlock(100);
    block.begin(1, false, undefined, Buffer.alloc(60));
    block.add(Buffer.alloc(40));
    assert.equal(block.finish().length, 100);
    block.begin(3, false, undefined, Buffer.alloc(60));
    assert.throws(() => block.add(Buffer.alloc(41)), isCalm);
    assert.throws(() => new HeaderBlock(100).begin(1, false, undefined, Buffer.alloc(101)), isCalm);
  });

  it('bears as many frames as its bytes explain beyond that', () => {
    const block = new HeaderBlock(10_000_000);
    block.begin(1, false, undefined, Buffer.alloc(16_384));
    for (let frames = 1; frames < 500; frames++) block.add(Buffer.alloc(16_384));
    for (let frames = 0; frames < 64; frames++) block.add(Buffer.alloc(0));
    assert.throws(() => block.add(Buffer.alloc(0)), isCalm);
  });

  it('bears 64 frames, and no endless row of empty ones', () => {
    const block = new HeaderBlock(100);
    block.begin(1, false, undefined, Buffer.alloc(0));
    for (let frames = 1; frames < 64; frames++) block.add(Buffer.alloc(0));
    assert.throws(() => block.add(Buffer.alloc(0)), isCalm);
  });
});
