import assert from 'node:assert/strict';
import { Metadata } from '@grpc/grpc-js';
import { Metadata as OwnMetadata, succeed } from '@breakwater/core';
import type { TransportFeatures } from '@breakwater/rpc/conformance';
import { ended } from '../../interceptor/plain-app.itest.js';
import type { OverrideWorld } from './world.itest.js';

export function describeMetadata(world: () => OverrideWorld, { repeatedText = 'list' }: TransportFeatures): void {
  it('of a request arrives with its bytes and repeated keys, in order', async () => {
    let received = OwnMetadata.EMPTY;
    await world().serve({
      Unary: async (call) => {
        received = call.metadata;
        return succeed(1);
      },
    });
    const metadata = new Metadata();
    metadata.set('x-text', 'a');
    metadata.add('x-many', '1');
    metadata.add('x-many', '2');
    metadata.add('x-many-bin', Buffer.from([0]));
    metadata.add('x-many-bin', Buffer.from([255, 254]));
    const { error } = await ended((callback) => world().stub().Unary(1, metadata, {}, callback));
    assert.equal(error, null);
    assert.equal(received.get('x-text'), 'a');
    assert.deepEqual(received.getAll('x-many'), repeatedText === 'joined' ? ['1, 2'] : ['1', '2']);
    assert.deepEqual(
      received.getAll('x-many-bin').map((value) => [...Buffer.from(value as Uint8Array)]),
      [[0], [255, 254]],
    );
  });

  it('of a request is what it was when the call was made', async () => {
    let received = OwnMetadata.EMPTY;
    const stub = world().stub();
    const metadata = new Metadata();
    const bytes = Buffer.from([1]);
    metadata.set('x-text', 'before');
    metadata.set('x-bin', bytes);
    metadata.setOptions({ waitForReady: true });
    // Nobody is there yet: the call waits while its metadata is changed.
    const answered = ended((callback) => stub.Unary(1, metadata, {}, callback));
    await new Promise(setImmediate);
    metadata.set('x-text', 'after');
    metadata.set('x-more', 'x');
    bytes[0] = 2;
    await world().serve({
      Unary: async (call) => {
        received = call.metadata;
        return succeed(1);
      },
    });
    assert.equal((await answered).error, null);
    assert.equal(received.get('x-text'), 'before');
    assert.equal(received.get('x-more'), undefined);
    assert.deepEqual([...(received.get('x-bin') as Uint8Array)], [1]);
  });

  it('cannot forge the headers of the transport', async () => {
    let received = OwnMetadata.EMPTY;
    let left = 0;
    await world().serve({
      Unary: async (call) => {
        received = call.metadata;
        left = call.deadline - call.now;
        return succeed(1);
      },
    });
    const metadata = new Metadata();
    for (const [key, value] of Object.entries({ te: 'gzip', 'content-type': 'text/html', 'grpc-timeout': '1m' }))
      metadata.set(key, value);
    const { error } = await ended((callback) => world().stub().Unary(1, metadata, {}, callback));
    assert.equal(error, null);
    assert.equal(left, Number.POSITIVE_INFINITY);
    assert.deepEqual(
      [...received].filter(([key]) => ['te', 'content-type', 'grpc-timeout'].includes(key)),
      [],
    );
  });

  it('of a response arrives with its bytes and repeated keys, as headers and as trailers', async () => {
    const given = OwnMetadata.of({
      'x-text': 'a',
      'x-many': ['1', '2'],
      'x-many-bin': [Uint8Array.from([0]), Uint8Array.from([255, 254])],
    });
    await world().serve({ Unary: async () => succeed(1, given, given) });
    const received: Metadata[] = [];
    await new Promise<void>((resolve) => {
      const call = world()
        .stub()
        .Unary(1, new Metadata(), {}, () => {});
      call.on('metadata', (metadata: Metadata) => received.push(metadata));
      call.on('status', ({ metadata }: { metadata: Metadata }) => {
        received.push(metadata);
        resolve();
      });
    });
    assert.equal(received.length, 2);
    for (const metadata of received) {
      assert.ok(metadata instanceof Metadata);
      assert.deepEqual(metadata.get('x-text'), ['a']);
      assert.deepEqual(metadata.get('x-many'), repeatedText === 'joined' ? ['1, 2'] : ['1', '2']);
      assert.deepEqual(metadata.get('x-many-bin'), [Buffer.from([0]), Buffer.from([255, 254])]);
    }
  });
}
