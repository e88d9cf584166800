import assert from 'node:assert/strict';
import { MemoryBudget } from './memory-budget.js';
import { SessionPair } from './testing/session-pair.js';
import { type TestClientStream, type TestServerStream, REQUEST } from './testing/test-streams.js';

const KIB = 1024;
const CONNECTION_WINDOW = 1024 * KIB;

/** Opens streams whose server does not read, and sends so much on each. */
async function fill(
  pair: SessionPair,
  count: number,
  bytesEach: number,
): Promise<[TestClientStream, TestServerStream][]> {
  const streams: [TestClientStream, TestServerStream][] = [];
  for (let index = 0; index < count; index++) streams.push(await pair.open());
  for (const [client, server] of streams) {
    server.recorder.reading = false;
    // In pieces, so that the windows do not grow.
    for (let at = 0; at < bytesEach; at += 50 * KIB) {
      client.send(Buffer.alloc(Math.min(50 * KIB, bytesEach - at)));
      await pair.settle();
    }
  }
  return streams;
}

describe('the memory of a session', () => {
  it('is what waits for readers, and for the peer', async () => {
    const pair = await new SessionPair().connect();
    const [filled] = await fill(pair, 1, 300 * KIB);
    assert.ok(filled !== undefined);
    const [client, server] = filled;
    assert.deepEqual([pair.server.bufferedBytes, pair.client.bufferedBytes], [256 * KIB, 44 * KIB]);
    server.read(10 * KIB);
    assert.equal(pair.server.bufferedBytes, 246 * KIB);
    client.cancel(8);
    await pair.settle();
    assert.deepEqual([pair.server.bufferedBytes, pair.client.bufferedBytes], [0, 0]);
  });

  it('is empty again when the connection is lost', async () => {
    const budget = new MemoryBudget(10_000 * KIB);
    const pair = await new SessionPair({ sharedBudget: budget }).connect();
    for (const [, server] of await fill(pair, 2, 300 * KIB)) server.send(Buffer.alloc(500 * KIB));
    assert.ok(budget.used > 500 * KIB);
    pair.cut();
    assert.deepEqual([pair.server.bufferedBytes, pair.client.bufferedBytes, budget.used], [0, 0, 0]);
  });

  it('over its limit, holds the peer back until somebody has read', async () => {
    const pair = await new SessionPair({ serverBufferBytes: 300 * KIB }).connect();
    const streams = await fill(pair, 5, 200 * KIB);
    const withheld = CONNECTION_WINDOW - pair.client.sendWindow;
    assert.ok(withheld > 600 * KIB, `${withheld}`);
    for (const [, server] of streams) server.read();
    await pair.settle();
    assert.ok(pair.client.sendWindow > CONNECTION_WINDOW / 2, 'withheld credit is returned');
  });

  it('over four times its limit, refuses new streams until there is room again', async () => {
    const pair = await new SessionPair({ serverBufferBytes: 300 * KIB }).connect();
    pair.server.hold(1200 * KIB);
    await pair.open();
    pair.server.hold(1);
    const refused = pair.start();
    await pair.settle();
    assert.deepEqual(refused.log, ['reset REFUSED_STREAM']);
    pair.server.release(1);
    await pair.open();
  });

  it('gives all withheld credit back, so that the whole window is used again', async () => {
    const pair = await new SessionPair({ serverBufferBytes: 64 * KIB }).connect();
    const streams = await fill(pair, 5, 200 * KIB);
    assert.ok(pair.client.sendWindow < CONNECTION_WINDOW - 900 * KIB, `${pair.client.sendWindow}`);
    for (const [client, server] of streams) {
      server.read();
      client.cancel(8);
      await pair.settle();
    }
    assert.ok(pair.client.sendWindow > CONNECTION_WINDOW / 2);
    for (let round = 0; round < 20; round++) {
      const [client, server] = await pair.open();
      client.send(Buffer.alloc(200 * KIB), true);
      await pair.settle();
      assert.deepEqual(server.log, ['run', 'end']);
    }
  });

  it('gives credit back also when the stream that held it is cancelled, by either side', async () => {
    for (const by of ['client', 'server']) {
      const pair = await new SessionPair({ serverBufferBytes: 64 * KIB }).connect();
      for (const [client, server] of await fill(pair, 5, 200 * KIB)) (by === 'client' ? client : server).cancel(8);
      await pair.settle();
      assert.ok(pair.client.sendWindow > CONNECTION_WINDOW / 2, `by the ${by}: ${pair.client.sendWindow}`);
      assert.equal(pair.server.bufferedBytes, 0);
    }
  });

  it('lets two peers send to each other, however much waits on both sides', async () => {
    const pair = await new SessionPair({ clientBufferBytes: 64 * KIB, serverBufferBytes: 64 * KIB }).connect();
    const streams: [TestClientStream, TestServerStream][] = [];
    for (let count = 0; count < 4; count++) streams.push(await pair.open(REQUEST));
    for (const [client, server] of streams) {
      server.head();
      client.send(Buffer.alloc(1000 * KIB), true);
      server.send(Buffer.alloc(1000 * KIB));
      server.finish();
    }
    await pair.settle();
    for (const [client, server] of streams) {
      assert.deepEqual(
        [client.log, server.log],
        [
          ['200', 'trailers', 'end'],
          ['run', 'end'],
        ],
      );
    }
    assert.deepEqual([pair.client.bufferedBytes, pair.server.bufferedBytes], [0, 0]);
  });
});

describe('the parts of large messages', () => {
  it('are taken, however many wait for their rest, so that all become complete', async () => {
    const pair = await new SessionPair({ clientBufferBytes: 64 * KIB }).connect();
    const streams: [TestClientStream, TestServerStream][] = [];
    for (let count = 0; count < 10; count++) streams.push(await pair.open());
    for (const [client, server] of streams) {
      // As an inbox does: the parts are held, but given back to the windows.
      pair.client.hold(1000 * KIB);
      server.head();
      server.send(Buffer.alloc(1000 * KIB));
      server.finish();
      client.finish();
    }
    await pair.settle();
    for (const [client] of streams) assert.deepEqual(client.log, ['200', 'trailers', 'end']);
  });
});

describe('the memory of a server', () => {
  it('is shared: a connection whose readers are slow holds others back only while memory is short', async () => {
    const budget = new MemoryBudget(300 * KIB);
    const slow = await new SessionPair({ sharedBudget: budget }).connect();
    const other = await new SessionPair({ sharedBudget: budget }).connect();
    const [client, server] = await other.open();
    const streams = await fill(slow, 2, 200 * KIB);
    assert.equal(budget.exhausted, true);
    const refused = other.start();
    client.send(Buffer.alloc(700 * KIB));
    await other.settle();
    assert.deepEqual(refused.log, ['reset REFUSED_STREAM']);
    assert.ok(other.client.sendWindow < CONNECTION_WINDOW / 2, 'its credit is withheld');
    for (const [, one] of streams) one.read();
    await other.settle();
    assert.ok(other.client.sendWindow > CONNECTION_WINDOW / 2, 'and returned when the other has read');
    client.send(Buffer.alloc(2000 * KIB), true);
    await other.settle();
    assert.deepEqual(server.log, ['run', 'end']);
    assert.equal(budget.used, 0);
  });

  it('is returned by a connection that is lost', async () => {
    const budget = new MemoryBudget(300 * KIB);
    const slow = await new SessionPair({ sharedBudget: budget }).connect();
    const other = await new SessionPair({ sharedBudget: budget }).connect();
    await fill(slow, 2, 200 * KIB);
    assert.equal(budget.exhausted, true);
    slow.cut();
    assert.equal(budget.used, 0);
    await other.open();
  });
});
