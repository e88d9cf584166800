import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FrameType, SettingId } from './frame.js';
import { chunkSizes } from './testing/chunked.js';
import { framesOf } from './testing/frames.js';
import { rawFrame, rawFrame32, settingsFrame } from './testing/raw-frames.js';
import { SessionPair } from './testing/session-pair.js';
import { REQUEST, type TestClientStream } from './testing/test-streams.js';

const KIB = 1024;
const STREAM_WINDOW = 256 * KIB;
const pattern = Buffer.from(Array.from({ length: 3_000_017 }, (_, index) => (index * 31 + (index >> 8)) % 256));
const some = (from: number, length: number): Buffer => pattern.subarray(from, from + length);

/** So little per round trip that the windows do not grow. */
async function sendSlowly(pair: SessionPair, stream: TestClientStream, payload: Buffer): Promise<void> {
  for (let at = 0; at < payload.length; at += 60_000) {
    stream.send(payload.subarray(at, at + 60_000), at + 60_000 >= payload.length);
    await pair.settle();
  }
}

describe('flow control between two sessions', () => {
  it('lets a stream send far more than its window, while it is read', async () => {
    const pair = await new SessionPair().connect();
    const [client, server] = await pair.open();
    client.send(some(0, 3_000_000), true);
    server.head();
    server.send(some(7, 2_000_000));
    server.finish();
    await pair.settle();
    assert.ok(server.recorder.received.equals(some(0, 3_000_000)));
    assert.ok(client.recorder.received.equals(some(7, 2_000_000)));
    assert.deepEqual([pair.client.bufferedBytes, pair.server.bufferedBytes], [0, 0]);
  });

  it('stops a stream at its window when nobody reads, and goes on when somebody does', async () => {
    const pair = await new SessionPair().connect();
    const [client, server] = await pair.open();
    server.recorder.reading = false;
    await sendSlowly(pair, client, some(0, 600 * KIB));
    assert.equal(server.recorder.received.length, STREAM_WINDOW);
    assert.equal(pair.client.bufferedBytes, 600 * KIB - STREAM_WINDOW);
    server.read(100);
    await pair.settle();
    assert.equal(server.recorder.received.length, STREAM_WINDOW, 'given back in batches');
    for (let turns = 0; turns < 3; turns++) {
      server.read();
      await pair.settle();
    }
    assert.ok(server.recorder.received.equals(some(0, 600 * KIB)));
    assert.deepEqual(server.log, ['run', 'end']);
  });

  it('lets the reader of one stream hold only that stream back', async () => {
    const pair = await new SessionPair().connect();
    const slow = [await pair.open(), await pair.open()] as const;
    for (const [client, server] of slow) {
      server.recorder.reading = false;
      await sendSlowly(pair, client, some(0, 1000 * KIB));
    }
    for (let count = 0; count < 20; count++) {
      const [client, server] = await pair.open();
      await sendSlowly(pair, client, some(count, 300 * KIB));
      assert.ok(server.recorder.received.equals(some(count, 300 * KIB)), `stream ${client.id}`);
      assert.deepEqual(server.log, ['run', 'end']);
      server.finish();
    }
    for (const [, server] of slow) assert.equal(server.recorder.received.length, STREAM_WINDOW);
  });

  it('counts padding as payload, and gives it back', async () => {
    const pair = await new SessionPair().connect();
    const [client, server] = await pair.open();
    const padded = Buffer.concat([Buffer.from([200]), some(0, 100), Buffer.alloc(200)]);
    for (let count = 0; count < 3000; count++) {
      const header = Buffer.from([0, 301 >> 8, 301 & 0xff, 0, 8, 0, 0, 0, client.id]);
      pair.server.onChunk(Buffer.concat([header, padded]));
    }
    assert.equal(pair.server.ended, false);
    assert.equal(server.recorder.received.length, 300_000);
    await new Promise((resolve) => setImmediate(resolve));
    const updates = framesOf(pair.serverSocket.read()).filter(({ type }) => type === FrameType.windowUpdate);
    const sum = (id: number): number =>
      updates
        .filter(({ streamId }) => streamId === id)
        .reduce((total, { payload }) => total + payload.readUInt32BE(0), 0);
    assert.ok(sum(client.id) > 3000 * 301 - STREAM_WINDOW / 2 && sum(0) > 3000 * 301 - 512 * KIB);
  });

  it('ends a stream whose peer sends more than its window', async () => {
    const pair = await new SessionPair().connect();
    const [client, server] = await pair.open();
    const [, other] = await pair.open();
    server.recorder.reading = false;
    pair.client.onChunk(rawFrame32(FrameType.windowUpdate, client.id, 100));
    client.send(some(0, STREAM_WINDOW + 1));
    await pair.settle();
    assert.deepEqual(server.log, ['run', 'broken more payload than the window of the stream allows']);
    assert.deepEqual(client.log, ['reset FLOW_CONTROL_ERROR']);
    assert.deepEqual([pair.server.ended, other.gone], [false, false]);
  });

  it('ends a connection whose peer sends more than its window', async () => {
    const pair = await new SessionPair().connect();
    const open = [];
    for (let count = 0; count < 5; count++) open.push(await pair.open());
    pair.server.keepUnread(17 * KIB * KIB);
    pair.client.onChunk(rawFrame32(FrameType.windowUpdate, 0, 1_000_000));
    for (const [client] of open) client.send(some(0, STREAM_WINDOW));
    await pair.settle();
    assert.match(pair.log.join(), /server ended: FLOW_CONTROL_ERROR: more payload than the window of the connection/);
  });

  it('moves the windows of open streams when the peer changes their initial size', async () => {
    const pair = await new SessionPair().connect();
    pair.client.onChunk(settingsFrame([SettingId.initialWindowSize, 10]));
    const [client, server] = await pair.open();
    client.send(some(0, 100), true);
    await pair.settle();
    assert.equal(server.recorder.received.length, 10);
    pair.client.onChunk(settingsFrame([SettingId.initialWindowSize, 4]));
    assert.equal(client.sendWindow, -6);
    pair.client.onChunk(rawFrame32(FrameType.windowUpdate, client.id, 5));
    await pair.settle();
    assert.equal(server.recorder.received.length, 10);
    pair.client.onChunk(settingsFrame([SettingId.initialWindowSize, 50]));
    await pair.settle();
    assert.equal(server.recorder.received.length, 55);
    pair.client.onChunk(settingsFrame([SettingId.initialWindowSize, STREAM_WINDOW]));
    await pair.settle();
    assert.deepEqual(server.log, ['run', 'end']);
  });

  it('ends the connection when new settings make a window overflow', async () => {
    const pair = await new SessionPair().connect();
    const [client] = await pair.open();
    pair.client.onChunk(rawFrame32(FrameType.windowUpdate, client.id, 2 ** 31 - 1 - STREAM_WINDOW));
    assert.equal(pair.client.ended, false);
    pair.client.onChunk(settingsFrame([SettingId.initialWindowSize, STREAM_WINDOW + 1]));
    assert.match(pair.log.join(), /client ended: FLOW_CONTROL_ERROR/);
  });

  it('ends a stream, or the connection, whose window the peer lets overflow', async () => {
    const pair = await new SessionPair().connect();
    const [client] = await pair.open();
    pair.client.onChunk(rawFrame32(FrameType.windowUpdate, client.id, 2 ** 31 - STREAM_WINDOW));
    assert.deepEqual(client.log, ['broken the window of the stream grew above 2^31-1']);
    pair.client.onChunk(rawFrame32(FrameType.windowUpdate, 0, 2 ** 31 - 1));
    assert.match(pair.log.join(), /client ended: FLOW_CONTROL_ERROR/);
  });

  it('takes 100,000 tiny messages on a stream for work, not for abuse', async () => {
    const pair = await new SessionPair().connect();
    const [client, server] = await pair.open();
    server.head();
    for (let count = 0; count < 1000; count++) {
      for (let burst = 0; burst < 100; burst++) client.send('empty');
      await pair.settle();
    }
    assert.deepEqual([pair.log, server.recorder.received.length], [['busy'], 500_000]);
    for (let count = 0; count < 1000; count++) {
      for (let burst = 0; burst < 100; burst++) server.send('empty');
      await pair.settle();
    }
    assert.deepEqual([pair.log, client.recorder.received.length], [['busy'], 500_000]);
  });

  it('takes endless payload in less than that for abuse, also when it is padded', async () => {
    for (const payload of [Buffer.alloc(0), Buffer.from('tiny'), Buffer.alloc(100, 99)]) {
      const pair = await new SessionPair().connect();
      const [client] = await pair.open();
      const frames = Buffer.concat(
        Array.from({ length: 100 }, () => rawFrame(FrameType.data, client.id, payload, payload.length > 4 ? 8 : 0)),
      );
      for (let count = 0; count < 250; count++) pair.server.onChunk(frames);
      assert.match(pair.log.join(), /server ended: ENHANCE_YOUR_CALM: .* a tiny DATA frame/);
    }
  });
});

const step = fc.oneof(
  fc.record({
    kind: fc.constantFrom('up' as const, 'down' as const),
    which: fc.nat({ max: 3 }),
    size: fc.nat({ max: 400_000 }),
  }),
  fc.record({
    kind: fc.constantFrom('up' as const, 'down' as const),
    which: fc.nat({ max: 3 }),
    size: fc.nat({ max: 2000 }),
  }),
  fc.record({
    kind: fc.constantFrom('hold' as const, 'read' as const),
    which: fc.nat({ max: 7 }),
    size: fc.nat({ max: 300_000 }),
  }),
  fc.record({ kind: fc.constant('window' as const), which: fc.nat({ max: 1 }), size: fc.nat({ max: STREAM_WINDOW }) }),
  fc.record({
    kind: fc.constantFrom('toServer' as const, 'toClient' as const, 'settle' as const),
    which: fc.constant(0),
    size: fc.constant(0),
  }),
);

describe('flow control, over any payload, windows, readers, chunks and sockets', () => {
  it('brings every byte once and in order, and has nothing in memory in the end', async () => {
    const property = fc.asyncProperty(
      fc.array(step, { maxLength: 50, size: 'max' }),
      chunkSizes.filter((sizes) => sizes.some((size) => size > 100)),
      fc.constantFrom(5000, 70_000, Number.POSITIVE_INFINITY),
      async (steps, chunks, room) => {
        const pair = await new SessionPair({ chunks, room }).connect();
        const streams = [];
        for (let count = 0; count < 4; count++) {
          const [client, server] = await pair.open(REQUEST);
          server.head();
          streams.push({ client, server, up: 0, down: 0 });
        }
        const ends = streams.flatMap(({ client, server }) => [client, server]);
        for (const { kind, which, size } of steps) {
          const one = streams[which];
          const end = ends[which];
          if (kind === 'up' && one !== undefined && size > 0) {
            one.client.send(some(one.up, Math.min(size, pattern.length - one.up)));
            one.up = Math.min(one.up + size, pattern.length);
          } else if (kind === 'down' && one !== undefined && size > 0) {
            one.server.send(some(one.down, Math.min(size, pattern.length - one.down)));
            one.down = Math.min(one.down + size, pattern.length);
          } else if (kind === 'hold' && end !== undefined) end.recorder.reading = false;
          else if (kind === 'read' && end !== undefined) end.read(Math.min(size, end.recorder.waiting));
          else if (kind === 'window') {
            (which === 0 ? pair.client : pair.server).onChunk(settingsFrame([SettingId.initialWindowSize, size]));
          } else if (kind === 'toServer') pair.toServer();
          else if (kind === 'toClient') pair.toClient();
          else if (kind === 'settle') await pair.settle();
        }
        for (const session of [pair.client, pair.server])
          session.onChunk(settingsFrame([SettingId.initialWindowSize, STREAM_WINDOW]));
        for (const end of ends) {
          end.recorder.reading = true;
          end.read();
        }
        await pair.settle();
        for (const { client, server, up, down } of streams) {
          client.finish();
          server.finish();
          await pair.settle();
          assert.ok(server.recorder.received.equals(some(0, up)), 'up');
          assert.ok(client.recorder.received.equals(some(0, down)), 'down');
          assert.deepEqual(
            [client.log, server.log],
            [
              ['200', 'trailers', 'end'],
              ['run', 'end'],
            ],
          );
        }
        assert.deepEqual([pair.client.bufferedBytes, pair.server.bufferedBytes], [0, 0]);
        assert.deepEqual(pair.log, ['busy', 'idle']);
      },
    );
    await fc.assert(property, { numRuns: 40 });
  });
});
