import assert from 'node:assert/strict';
import { Metadata, type MetadataEntry } from '@breakwater/core';
import fc from 'fast-check';
import { HpackDecoder } from '../hpack/hpack-decoder.js';
import { HpackEncoder } from '../hpack/hpack-encoder.js';
import { BufferSink } from '../hpack/testing/buffer-sink.js';
import { collectPairs } from '../hpack/testing/collect.js';
import { headerListBytes, toMetadata, writeMetadata } from './metadata-fields.js';

/** The header fields that metadata is sent as. */
function written(metadata: Metadata): string[][] {
  const encoder = new HpackEncoder();
  const sink = new BufferSink();
  encoder.begin(sink);
  writeMetadata(metadata, encoder, sink);
  return collectPairs(new HpackDecoder(), sink.take());
}

const plain = (metadata: Metadata): (readonly [string, string | number[]])[] =>
  [...metadata].map(([key, value]) => [key, typeof value === 'string' ? value : [...value]]);

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

describe('metadata as header fields', () => {
  it('is text as it is, and bytes as base64 without padding, in order and with duplicates', () => {
    const metadata = Metadata.of({
      'x-a': ['1', '2'],
      'b-bin': [hex('00'), hex('0001'), hex('000102'), hex('')],
      c: '',
    });
    assert.deepEqual(written(metadata), [
      ['x-a', '1'],
      ['x-a', '2'],
      ['b-bin', 'AA'],
      ['b-bin', 'AAE'],
      ['b-bin', 'AAEC'],
      ['b-bin', ''],
      ['c', ''],
    ]);
  });

  it('is nothing without metadata', () => {
    assert.deepEqual(written(Metadata.EMPTY), []);
  });

  it('leaves out what belongs to the transport', () => {
    const ours = ['content-type', 'te', 'user-agent', 'grpc-encoding', 'grpc-accept-encoding'];
    const entries = [...ours, 'x'].map((key): MetadataEntry => [key, 'v']);
    assert.deepEqual(written(Metadata.fromEntries(entries)), [['x', 'v']]);
  });

  it('loses white space at the ends of a text, which a header value must not have', () => {
    const metadata = Metadata.of({ a: ' x y ', b: '  ', c: 'z' });
    assert.deepEqual(written(metadata), [
      ['a', 'x y'],
      ['b', ''],
      ['c', 'z'],
    ]);
  });

  it('comes back as it was', () => {
    const key = fc.constantFrom('x-a', 'x.b', 'c_d', '__proto__');
    const text = fc
      .string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) })
      .map((one): string => one.trim());
    const entry = fc.oneof(
      fc.tuple(key, text),
      fc.tuple(fc.constantFrom('a-bin', 'b-bin', '-bin'), fc.uint8Array({ maxLength: 40 })),
    );
    const property = fc.property(fc.array(entry), (entries) => {
      const metadata = Metadata.fromEntries(entries);
      const received = toMetadata(written(metadata).flat());
      assert.deepEqual(plain(received), plain(metadata));
    });
    fc.assert(property);
  });

  it('is counted as HTTP/2 counts a list', () => {
    const entry = fc.oneof(
      fc.tuple(fc.constantFrom('x-a', 'x-bcd'), fc.constantFrom('', 'abc')),
      fc.tuple(fc.constantFrom('a-bin'), fc.uint8Array({ maxLength: 20 })),
    );
    const property = fc.property(fc.array(entry), (entries) => {
      const metadata = Metadata.fromEntries(entries);
      const expected = written(metadata).reduce(
        (sum, [name = '', value = '']) => sum + name.length + value.length + 32,
        0,
      );
      assert.equal(headerListBytes(metadata), expected);
    });
    fc.assert(property);
  });

  it('is refused when HTTP/2 does not allow a key', () => {
    for (const key of [
      'connection',
      'content-length',
      'http2-settings',
      'keep-alive',
      'proxy-connection',
      'transfer-encoding',
      'upgrade',
    ])
      assert.throws(() => headerListBytes(Metadata.of({ ok: '1', [key]: '1' })), TypeError, key);
    for (const key of ['', 'X-A', ':path', 'a b', 'a:', 'ü', 'a\n'])
      assert.throws(() => headerListBytes(Metadata.EMPTY.with(key, '1')), TypeError, key);
  });

  it('is refused when a value has a character that no header may have, or that is no octet', () => {
    for (const value of ['a\nb', 'a\rb', '\0', '\x7f', 'price in €', '\u010a', '🚢'])
      assert.throws(() => headerListBytes(Metadata.EMPTY.with('x', value)), /value of metadata key "x"/, value);
    assert.equal(headerListBytes(Metadata.EMPTY.with('x', 'a\tb ü')), 1 + 5 + 32);
  });
});

describe('received header fields', () => {
  it('are no metadata at all when there are none', () => {
    assert.equal(toMetadata(undefined), Metadata.EMPTY);
  });

  it('are bytes under a key in -bin, with and without padding, in either alphabet of base64', () => {
    const values = ['AA==', 'AA', 'AAE=', 'AAE', '-_8', '+/8=', ''].flatMap((value) => ['x-bin', value]);
    assert.deepEqual(
      plain(toMetadata(values)).map(([, value]) => value),
      [[0], [0], [0, 1], [0, 1], [251, 255], [251, 255], []],
    );
  });

  it('are several values where a peer has joined them by commas', () => {
    assert.deepEqual(plain(toMetadata(['x-bin', 'AA,AAE=, AAEC ,', 'y', 'a,b'])), [
      ['x-bin', [0]],
      ['x-bin', [0, 1]],
      ['x-bin', [0, 1, 2]],
      ['x-bin', []],
      ['y', 'a,b'],
    ]);
  });
});
