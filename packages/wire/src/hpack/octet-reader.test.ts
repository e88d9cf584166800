import assert from 'node:assert/strict';
import { HpackError } from './hpack-error.js';
import { OctetReader } from './octet-reader.js';
import { writeInteger, writeRaw, writeShortest } from './octet-writer.js';

function readerOf(...octets: number[]): OctetReader {
  const reader = new OctetReader();
  reader.open(Buffer.from(octets), 0, octets.length);
  return reader;
}

function readInteger(mask: number, ...octets: number[]): number {
  const reader = readerOf(...octets);
  const value = reader.integer(reader.octet(), mask);
  assert.equal(reader.pos, octets.length);
  return value;
}

const refused = (pattern: RegExp) => (error: unknown) => error instanceof HpackError && pattern.test(error.message);

describe('HPACK integers', () => {
  it('are those of the examples of RFC 7541 C.1', () => {
    for (const [value, mask, octets] of [
      [10, 0x1f, [0x0a]],
      [1337, 0x1f, [0x1f, 0x9a, 0x0a]],
      [42, 0xff, [0x2a]],
    ] as const) {
      const bytes = Buffer.alloc(octets.length);
      assert.equal(writeInteger(bytes, 0, 0, mask, value), octets.length);
      assert.deepEqual([...bytes], octets);
      assert.equal(readInteger(mask, ...octets), value);
    }
  });

  it('come back with every prefix, at all their edges', () => {
    for (let prefixBits = 1; prefixBits <= 8; prefixBits++) {
      const mask = 2 ** prefixBits - 1;
      const edges = [0, 1, 127, 128, 2 ** 14, 2 ** 21, 2 ** 28, 2 ** 31 - 1 - mask].flatMap((edge) => [
        edge,
        edge + mask,
      ]);
      for (const value of edges.flatMap((edge) => [edge - 1, edge, edge + 1])) {
        if (value < 0 || value > 2 ** 31 - 1) continue;
        const bytes = Buffer.alloc(8, 0xaa);
        const end = writeInteger(bytes, 1, 0xff - mask, mask, value);
        assert.deepEqual([bytes[0], bytes[end]], [0xaa, 0xaa]);
        assert.equal((bytes[1] ?? 0) & (0xff - mask), 0xff - mask);
        assert.equal(readInteger(mask, ...bytes.subarray(1, end)), value);
      }
    }
  });

  it('are refused above 2^31 - 1, over five more octets, and cut off', () => {
    assert.equal(readInteger(0x7f, 0x7f, 0x80, 0xff, 0xff, 0xff, 0x07), 2 ** 31 - 1);
    assert.throws(() => readInteger(0x7f, 0x7f, 0x81, 0xff, 0xff, 0xff, 0x07), refused(/integer is too large/));
    assert.throws(() => readInteger(0x7f, 0x7f, 0xff, 0xff, 0xff, 0xff, 0x7f), refused(/integer is too large/));
    assert.equal(readInteger(0x7f, 0x7f, 0x80, 0x80, 0x80, 0x80, 0x00), 127);
    assert.throws(() => readInteger(0x7f, 0x7f, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00), refused(/integer is too large/));
    assert.throws(() => readInteger(0x7f, 0x7f), refused(/ends within a field/));
    assert.throws(() => readInteger(0x7f, 0x7f, 0x80, 0xff), refused(/ends within a field/));
  });
});

describe('HPACK strings', () => {
  it('come back at every length around the edges, in both forms', () => {
    for (const length of [
      ...Array.from({ length: 40 }, (_, short) => short),
      126,
      127,
      128,
      254,
      255,
      16_383,
      70_000,
    ]) {
      for (const text of ['~'.repeat(length), 'a'.repeat(length), '0\u00ff'.repeat(length / 2)]) {
        for (const write of [writeRaw, writeShortest]) {
          const bytes = Buffer.alloc(length + 8);
          const reader = new OctetReader();
          const end = write(bytes, 1, text);
          reader.open(bytes, 1, end);
          assert.equal(reader.string(), text);
          assert.equal(reader.pos, end);
        }
      }
    }
  });

  it('are Huffman-coded only where that is shorter', () => {
    const bytes = Buffer.alloc(16);
    const written = (text: string): string => bytes.subarray(0, writeShortest(bytes, 0, text)).toString('hex');
    assert.equal(written('www'), '03777777');
    assert.equal(written('302'), '826402');
    assert.equal(written(''), '00');
    assert.equal(written('~~'), '027e7e');
  });

  it('are refused when they are longer than the block, however long they claim to be', () => {
    assert.throws(() => readerOf(0x03, 0x61, 0x61).string(), refused(/longer than the header block/));
    assert.throws(() => readerOf(0x83, 0x1f, 0x1f).string(), refused(/longer than the header block/));
    assert.throws(() => readerOf(0x7f, 0x80, 0xff, 0xff, 0xff, 0x07).string(), refused(/longer than the header block/));
    assert.throws(() => readerOf().string(), refused(/ends within a field/));
  });
});
