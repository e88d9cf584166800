import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Flag, FrameType } from './frame.js';
import { chunkSizes } from './testing/chunked.js';
import { rawFrame, settingsFrame } from './testing/raw-frames.js';
import { SessionPair } from './testing/session-pair.js';
import { type Fields, REQUEST } from './testing/test-streams.js';

const MIB = 1024 * 1024;
const large = (length: number): Fields => [['x-large', 'y'.repeat(length)]];

describe('header blocks between two sessions', () => {
  it('arrive whatever their size, in any chunks, in both directions', async () => {
    const size = fc.oneof(fc.nat({ max: 200 }), fc.nat({ max: 200_000 }), fc.constantFrom(16_300, 16_384, 32_768));
    const sizes = fc.array(size, { minLength: 1, maxLength: 4 });
    const property = fc.asyncProperty(sizes, chunkSizes, async (all, chunks) => {
      const cuts = chunks.every((one) => one < 100) ? [977] : chunks;
      const pair = await new SessionPair({ maxHeaderBytes: MIB, chunks: cuts }).connect();
      for (const one of all) {
        const [client, server] = await pair.open([...REQUEST, ...large(one)], true);
        assert.deepEqual(server.entries, large(one).flat());
        server.head([[':status', '200'], ...large(one + 1)]);
        server.finish(large(one + 2));
        await pair.settle();
        const told = [one + 1, one + 2].map((length) => `x-large=${'y'.repeat(length)}`);
        assert.deepEqual(client.log, [`200 ${told[0]}`, `trailers ${told[1]}`, 'end']);
      }
      assert.deepEqual([pair.client.ended, pair.server.ended], [false, false]);
    });
    await fc.assert(property, { numRuns: 25 });
  });

  it('may be as large as the limit allows, also in more than 64 frames', async () => {
    const pair = await new SessionPair({ maxHeaderBytes: 4 * MIB }).connect();
    const [, server] = await pair.open([...REQUEST, ...large(3 * MIB)], true);
    assert.equal(server.entries[1]?.length, 3 * MIB);
  });

  it('keep the tables of both sides in step when the stream that they belong to is gone', async () => {
    const pair = await new SessionPair().connect();
    const [client, server] = await pair.open([...REQUEST, ['x-first', 'a']]);
    client.cancel(8);
    server.head([
      [':status', '200'],
      ['x-learned', 'b'],
    ]);
    await pair.settle();
    const [second, answering] = await pair.open([...REQUEST, ['x-first', 'c']]);
    answering.head([
      [':status', '200'],
      ['x-learned', 'd'],
    ]);
    await pair.settle();
    assert.deepEqual([answering.entries, second.log], [['x-first', 'c'], ['200 x-learned=d']]);
  });

  it('may be informational, any number of times, before the head', async () => {
    const pair = await new SessionPair().connect();
    const [client, server] = await pair.open();
    server.head([[':status', '100']]);
    server.head([
      [':status', '103'],
      ['link', 'x'],
    ]);
    server.head();
    await pair.settle();
    assert.deepEqual(client.log, ['100', '103 link=x', '200']);
  });

  it('may be the whole response', async () => {
    const pair = await new SessionPair().connect();
    const [client, server] = await pair.open(REQUEST, true);
    server.head(
      [
        [':status', '200'],
        ['x-a', 'b'],
      ],
      true,
    );
    await pair.settle();
    assert.deepEqual(client.log, ['200 x-a=b', 'end']);
    assert.deepEqual([client.gone, server.gone, pair.server.streams.size], [true, true, 0]);
  });

  it('may end a request without payload, in its head or by trailers', async () => {
    const pair = await new SessionPair().connect();
    const [, first] = await pair.open(REQUEST, true);
    assert.equal(first.remoteClosed, true);
    const [client, second] = await pair.open();
    client.send('payload');
    await pair.settle();
    const trailers = Buffer.concat([Buffer.from([0x00, 3]), Buffer.from('x-t'), Buffer.from([1]), Buffer.from('1')]);
    pair.server.onChunk(rawFrame(FrameType.headers, client.id, trailers, Flag.endHeaders | Flag.endStream));
    assert.deepEqual([second.log, second.remoteClosed], [['run', 'end'], true]);
  });

  it('end a stream that is said to depend on itself, in one frame and in several', async () => {
    for (const flags of [Flag.endHeaders, 0]) {
      const pair = await new SessionPair().connect();
      await pair.open();
      const block = Buffer.from([0x83, 0x86, 0x84]);
      const head = Buffer.concat([Buffer.from([0, 0, 0, 3, 16]), block]);
      pair.server.onChunk(rawFrame(FrameType.headers, 3, head, flags | Flag.priority));
      if (flags === 0) pair.server.onChunk(rawFrame(FrameType.continuation, 3, '', Flag.endHeaders));
      await pair.settle();
      assert.equal(pair.accepted.length, 1);
      const resets = pair.framesToClient.filter(({ type }) => type === FrameType.rstStream);
      assert.deepEqual(
        resets.map(({ streamId, payload }) => [streamId, payload.readUInt32BE(0)]),
        [[3, 1]],
      );
    }
  });

  it('have to end within 10 s', async () => {
    const pair = await new SessionPair().connect();
    pair.server.onChunk(rawFrame(FrameType.headers, 1, Buffer.from([0x83]), 0));
    pair.clock.tick(9999);
    assert.equal(pair.server.ended, false);
    pair.clock.tick(1);
    assert.match(pair.log.join(), /server ended: ENHANCE_YOUR_CALM: a header block did not end within 10000 ms/);
    const patient = await new SessionPair().connect();
    patient.server.onChunk(rawFrame(FrameType.headers, 1, Buffer.from([0x83, 0x86]), 0));
    patient.server.onChunk(rawFrame(FrameType.continuation, 1, Buffer.from([0x84]), Flag.endHeaders));
    patient.clock.tick(60_000);
    assert.deepEqual([patient.server.ended, patient.accepted.length], [false, 1]);
  });

  it('tell of a request that is too large for the server, which goes on with others', async () => {
    const pair = await new SessionPair({ maxHeaderBytes: 1000 }).connect();
    const [client, server] = await pair.open([...REQUEST, ...large(2000), ['x-b', '1']], true);
    assert.deepEqual([server.path, server.entries], ['/test', []]);
    server.head([[':status', '200'], ...large(2000)], true);
    await pair.settle();
    assert.deepEqual(client.log, ['200', 'end']);
    await pair.open();
  });

  it('tell of the lowest table size that was asked for in one frame before the last', async () => {
    const pair = await new SessionPair().connect();
    pair.client.onChunk(settingsFrame([1, 0], [1, 4096]));
    pair.start();
    await pair.settle();
    const head = pair.framesToServer.find(({ type }) => type === FrameType.headers);
    assert.deepEqual([...(head?.payload.subarray(0, 4) ?? [])], [0x20, 0x3f, 0xe1, 0x1f]);
    assert.equal(pair.accepted.length, 1);
  });
});
