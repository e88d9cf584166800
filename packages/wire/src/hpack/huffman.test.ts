import assert from 'node:assert/strict';
import fc from 'fast-check';
import { HpackError } from './hpack-error.js';
import { readHuffman } from './huffman-decode.js';
import { huffmanBytes, writeHuffman } from './huffman-encode.js';
import { huffmanCode } from './huffman-table.js';
import { ReferenceDecoder } from './testing/reference-decoder.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

function encode(text: string): Buffer {
  const bytes = Buffer.alloc(huffmanBytes(text) + 2, 0xaa);
  assert.equal(writeHuffman(bytes, 1, text), bytes.length - 1);
  assert.deepEqual([bytes.at(0), bytes.at(-1)], [0xaa, 0xaa]);
  return bytes.subarray(1, -1);
}

/** Decodes between bytes that would go on as a code, and between others that would not. */
function decode(coded: Uint8Array): string {
  const [zeros, ones] = [0x00, 0xff].map((around) => {
    const bytes = Buffer.concat([Buffer.alloc(8, around), coded, Buffer.alloc(8, around)]);
    return readHuffman(bytes, 8, 8 + coded.length);
  });
  assert.equal(zeros, ones);
  return zeros ?? '';
}

const octets = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((octet) => String.fromCharCode(octet)),
  size: 'large',
});

describe('Huffman coding', () => {
  it('is that of the examples of RFC 7541 C.4 and C.6', () => {
    for (const [text, coded] of [
      ['www.example.com', 'f1e3 c2e5 f23a 6ba0 ab90 f4ff'],
      ['no-cache', 'a8eb 1064 9cbf'],
      ['custom-key', '25a8 49e9 5ba9 7d7f'],
      ['custom-value', '25a8 49e9 5bb8 e8b4 bf'],
      ['302', '6402'],
      ['private', 'aec3 771a 4b'],
      ['Mon, 21 Oct 2013 20:13:21 GMT', 'd07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff'],
      ['https://www.example.com', '9d29 ad17 1863 c78f 0b97 c8e9 ae82 ae43 d3'],
      ['307', '640e ff'],
      ['gzip', '9bd9 ab'],
      [
        'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
        '94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
      ],
    ] as const) {
      assert.deepEqual(encode(text), hex(coded));
      assert.equal(decode(hex(coded)), text);
    }
  });

  it('gives back every octet in every position of the bits', () => {
    const all = Array.from({ length: 256 }, (_, octet) => String.fromCharCode(octet));
    for (let shift = 0; shift < 8; shift++) {
      const text = '0'.repeat(shift) + all.join('a'.repeat(shift)) + all.join('');
      assert.equal(decode(encode(text)), text);
    }
    fc.assert(fc.property(octets, (text) => assert.equal(decode(encode(text)), text)));
  });

  it('gives back strings longer than the buffer it keeps', () => {
    for (const length of [2559, 2560, 2561, 100_000]) {
      for (const text of ['a'.repeat(length), '\u00ff'.repeat(length)]) assert.equal(decode(encode(text)), text);
    }
  });

  it('takes the low octet of a character that has two, as the plain form does', () => {
    assert.deepEqual(encode('\u0161'), encode('a'));
  });

  it('refuses padding longer than 7 bits, of other bits than ones, and EOS itself', () => {
    assert.equal(decode(hex('1f')), 'a');
    for (const broken of [
      '1e',
      '18',
      '1fff',
      'ff',
      'ffff',
      'ffffffff',
      'ffffff',
      '1fffffffff',
      'f8ff',
      '00000e',
      'fe',
    ]) {
      assert.throws(() => decode(hex(broken)), HpackError, broken);
    }
    // EOS in full, at each place within an octet, before and at the end.
    for (let shift = 0; shift < 8; shift++) {
      const bits = `${'00000'.repeat(shift)}${'1'.repeat(30)}00000`;
      const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1');
      const bytes = Buffer.from((padded.match(/.{8}/g) ?? []).map((octet) => Number.parseInt(octet, 2)));
      assert.throws(() => decode(bytes), HpackError);
    }
  });

  it('refuses every code that is cut off', () => {
    const { bits } = huffmanCode();
    for (let octet = 0; octet < 256; octet++) {
      const whole = encode(String.fromCharCode(octet));
      for (let length = 1; length < whole.length; length++) {
        // What is left of one is a code of its own only when it is shorter than an octet, which none of these is.
        assert.ok((bits[octet] ?? 0) > 8);
        assert.throws(() => decode(whole.subarray(0, length)), HpackError);
      }
    }
  });

  it('decides any bytes as a decoder does that goes bit by bit', () => {
    const octet = fc.oneof(fc.constantFrom(0xff, 0xfe, 0x7f, 0xf8), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(octet, { maxLength: 30 }), (coded) => {
        const block = Buffer.from([0x00, 0x01, 0x78, 0x80 | coded.length, ...coded]);
        const { fields, error } = new ReferenceDecoder().decode(block);
        if (error === undefined) assert.equal(decode(Buffer.from(coded)), fields[0]?.value);
        else assert.throws(() => decode(Buffer.from(coded)), HpackError);
      }),
      { numRuns: 2000 },
    );
  });
});
