import assert from 'node:assert/strict';
import { giveBackSlab, SLAB_BYTES, takeSlab } from './slab-pool.js';

describe('the slab pool', () => {
  it('hands out no slab twice until it is given back', () => {
    const taken = Array.from({ length: 100 }, takeSlab);
    assert.equal(new Set(taken).size, 100);
    for (const slab of taken) assert.equal(slab.length, SLAB_BYTES);
    for (const slab of taken) giveBackSlab(slab);
    const again = Array.from({ length: 100 }, takeSlab);
    assert.equal(new Set(again).size, 100);
  });

  it('hands out again what was given back, and keeps 16 of them at most', () => {
    const slabs = Array.from({ length: 40 }, takeSlab);
    for (const slab of slabs) giveBackSlab(slab);
    const again = Array.from({ length: 40 }, takeSlab);
    assert.equal(again.filter((slab) => slabs.includes(slab)).length, 16);
  });

  it('keeps no memory of another size', () => {
    const small = Buffer.alloc(10);
    const large = Buffer.alloc(SLAB_BYTES * 2);
    giveBackSlab(small);
    giveBackSlab(large);
    for (let count = 0; count < 20; count++) assert.equal(takeSlab().length, SLAB_BYTES);
  });

  it('owns its memory: a slab is no part of a pool that others write to', () => {
    const slab = takeSlab();
    assert.equal(slab.buffer.byteLength, SLAB_BYTES);
    giveBackSlab(slab);
  });
});
