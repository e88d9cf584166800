import assert from 'node:assert/strict';
import { Metadata as GrpcMetadata } from '@grpc/grpc-js';
import { Metadata } from '@breakwater/core';
import { receivedMetadata, requestMetadata } from './metadata-copies.js';

describe('metadata of a stub, copied', () => {
  it('is empty where there is nothing to copy', () => {
    assert.equal(requestMetadata(new GrpcMetadata()), Metadata.EMPTY);
    const own = new GrpcMetadata();
    own.set('te', 'trailers');
    own.set('user-agent', 'mine');
    assert.equal(requestMetadata(own), Metadata.EMPTY);
    assert.deepEqual(receivedMetadata(Metadata.EMPTY).getMap(), {});
  });

  it('keeps keys, values and their order, and shares no bytes', () => {
    const given = new GrpcMetadata();
    const bytes = Buffer.from([1, 2]);
    given.add('b', '1');
    given.add('a-bin', bytes);
    given.add('b', '2');
    const copy = requestMetadata(given);
    bytes[0] = 9;
    given.add('b', '3');
    assert.deepEqual(
      [...copy].map(([key, value]) => [key, typeof value === 'string' ? value : [...value]]),
      [
        ['b', '1'],
        ['b', '2'],
        ['a-bin', [1, 2]],
      ],
    );
  });

  it('comes back as metadata of grpc-js, bytes as a Buffer', () => {
    const copy = receivedMetadata(Metadata.of({ a: ['1', '2'], 'b-bin': Uint8Array.from([3]) }));
    assert.deepEqual(copy.get('a'), ['1', '2']);
    assert.deepEqual(copy.get('b-bin'), [Buffer.from([3])]);
    assert.notEqual(
      receivedMetadata(Metadata.EMPTY),
      receivedMetadata(Metadata.EMPTY),
      'one for everybody to write to',
    );
  });

  it('leaves out what grpc-js would not take', () => {
    const copy = receivedMetadata(
      Metadata.fromEntries([
        ['umlaut', 'ü'],
        ['text-bin', 'no bytes'],
        ['ok', 'yes'],
      ]),
    );
    assert.deepEqual(copy.getMap(), { ok: 'yes' });
  });
});
