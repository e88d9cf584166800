import assert from 'node:assert/strict';
import { Metadata } from '@breakwater/core';
import { OutgoingMetadata } from './outgoing-metadata.js';

describe('OutgoingMetadata', () => {
  it('is the header object: text as it is, bytes as base64 without padding, repeated keys as lists', () => {
    const metadata = new OutgoingMetadata(
      Metadata.of({ a: '1', 'b-bin': [1, 2, 3].map((length) => new Uint8Array(length)), c: ['x', 'y', 'z'] }),
    );
    assert.deepEqual(metadata.toHttp2Headers(), { a: '1', 'b-bin': ['AA', 'AAA', 'AAAA'], c: ['x', 'y', 'z'] });
  });

  it('is itself after clone(), and does to its headers what grpc-js asks of it', () => {
    const metadata = new OutgoingMetadata(Metadata.of({ a: '1' }));
    const clone = metadata.clone();
    clone.set('grpc-accept-encoding', 'gzip');
    clone.add('a', '2');
    clone.remove('absent');
    assert.equal(clone, metadata);
    assert.deepEqual(metadata.get('a'), ['1', '2']);
    assert.deepEqual(metadata.get('absent'), []);
    clone.remove('grpc-accept-encoding');
    assert.deepEqual(metadata.toHttp2Headers(), { a: ['1', '2'] });
    assert.deepEqual(metadata.toJSON(), { a: ['1', '2'] });
    assert.deepEqual(metadata.getMap(), { a: '1' });
  });

  it('sends the time left in whole milliseconds, at least one and at most a day', () => {
    for (const [left, text] of [
      [0.2, '1m'],
      [1.2, '2m'],
      [86_400_001, '86400000m'],
    ] as const) {
      const metadata = new OutgoingMetadata(Metadata.EMPTY);
      metadata.setTimeout(left);
      assert.deepEqual(metadata.toHttp2Headers(), { 'grpc-timeout': text });
    }
  });

  it('refuses what would make Node refuse the request and grpc-js give up the connection', () => {
    assert.throws(
      () => new OutgoingMetadata(Metadata.of({ connection: 'close' })),
      /"connection" is not allowed in HTTP\/2/,
    );
    assert.throws(
      () => new OutgoingMetadata(Metadata.of({ authorization: ['a', 'b'] })),
      /"authorization" may have only one value/,
    );
  });

  it('counts its size as HTTP/2 does', () => {
    assert.equal(new OutgoingMetadata(Metadata.of({ abc: '12345' })).sizeBytes, 3 + 5 + 32);
  });

  it('announces no encoding for a call that does not compress', () => {
    const metadata = new OutgoingMetadata(Metadata.EMPTY, undefined, false);
    metadata.set('grpc-encoding', 'gzip');
    assert.deepEqual(metadata.toHttp2Headers(), {});
  });
});
