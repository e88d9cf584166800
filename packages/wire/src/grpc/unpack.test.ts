import assert from 'node:assert/strict';
import { deflateSync, gzipSync } from 'node:zlib';
import { Code, type Status } from '@breakwater/core';
import fc from 'fast-check';
import { compress, decompress, isEncoding, UnpacksTooLarge } from './compression.js';
import { unpack } from './unpack.js';

const ZEROS = Buffer.alloc(100_000_000);

function failure(result: Buffer | Status): Status {
  assert.ok(!Buffer.isBuffer(result));
  return result;
}

describe('compression', () => {
  it('gives any bytes back', () => {
    const property = fc.property(
      fc.uint8Array({ maxLength: 2000 }),
      fc.constantFrom('gzip', 'deflate'),
      (bytes, encoding) => {
        const packed = compress(bytes, encoding);
        assert.deepEqual([...decompress(packed, encoding, bytes.length)], [...bytes]);
      },
    );
    fc.assert(property, { numRuns: 100 });
  });

  it('is what other implementations understand: gzip, and zlib as deflate', () => {
    const bytes = Buffer.from('hello hello hello');
    assert.deepEqual(decompress(gzipSync(bytes), 'gzip', 100), bytes);
    assert.deepEqual(decompress(deflateSync(bytes), 'deflate', 100), bytes);
    assert.equal(compress(bytes, 'gzip').readUInt16BE(0), 0x1f8b);
    assert.equal(compress(bytes, 'deflate')[0], 0x78);
  });

  it('copies what is sent as it is: the slab it lies in is written again', () => {
    const bytes = Buffer.from('abc');
    const copy = compress(bytes, 'identity');
    bytes.fill(0);
    assert.equal(copy.toString(), 'abc');
  });

  it('knows the three encodings of gRPC, by their exact names', () => {
    for (const name of ['identity', 'gzip', 'deflate']) assert.equal(isEncoding(name), true);
    for (const name of ['', 'GZIP', 'br', 'snappy', 'gzip,deflate', '__proto__']) assert.equal(isEncoding(name), false);
  });

  it('unpacks to exactly the limit, and not to a byte more', () => {
    const packed = compress(Buffer.alloc(50_000), 'gzip');
    assert.equal(decompress(packed, 'gzip', 50_000).length, 50_000);
    assert.throws(() => decompress(packed, 'gzip', 49_999), UnpacksTooLarge);
  });

  it('stops a bomb at the limit: memory follows what is accepted, not what it would unpack to', () => {
    for (const encoding of ['gzip', 'deflate'] as const) {
      const bomb = compress(ZEROS, encoding);
      assert.ok(bomb.length < ZEROS.length / 500);
      const before = process.memoryUsage().arrayBuffers;
      assert.throws(() => decompress(bomb, encoding, 1_000_000), UnpacksTooLarge);
      assert.ok(process.memoryUsage().arrayBuffers - before < 10_000_000);
    }
  });
});

describe('unpack', () => {
  it('gives back what was packed', () => {
    assert.deepEqual(unpack(compress(Buffer.from('abc'), 'gzip'), 'gzip', 3, 'the server'), Buffer.from('abc'));
  });

  it('says that a message must not be marked as compressed without an encoding', () => {
    for (const encoding of ['', 'identity', 'br']) {
      const { code, details } = failure(unpack(Buffer.from('abc'), encoding, 100, 'the server'));
      assert.equal(code, Code.INTERNAL);
      assert.match(details, /grpc-encoding names no compression/);
    }
  });

  it('says which limit a message is over, and whose', () => {
    const status = failure(unpack(compress(Buffer.alloc(101), 'deflate'), 'deflate', 100, 'this client'));
    assert.deepEqual([status.code, status.reason], [Code.RESOURCE_EXHAUSTED, 'MESSAGE_TOO_LARGE']);
    assert.match(status.details, /more than the 100 bytes that this client accepts/);
  });

  it('says that bytes are broken: cut off, changed, or of another encoding', () => {
    const packed = compress(Buffer.from('hello hello hello'), 'gzip');
    const changed = Buffer.from(packed);
    changed[packed.length - 5] = (changed[packed.length - 5] ?? 0) ^ 0xff;
    for (const bytes of [packed.subarray(0, -1), packed.subarray(0, 5), changed, Buffer.alloc(0), Buffer.from('abc')]) {
      const { code, origin } = failure(unpack(bytes, 'gzip', 1000, 'the server'));
      assert.deepEqual([code, origin], [Code.INTERNAL, 'remote'], bytes.toString('hex'));
    }
    assert.equal(failure(unpack(packed, 'deflate', 1000, 'the server')).code, Code.INTERNAL);
  });
});
