import assert from 'node:assert/strict';
import type { ByteSink, MessageCodec } from '@breakwater/codec';
import { Code } from '@breakwater/core';
import { FrameType } from '../http2/frame.js';
import { SessionPair } from '../http2/testing/session-pair.js';
import type { TestClientStream } from '../http2/testing/test-streams.js';
import { decompress } from './compression.js';
import { type MessageEncoding, sendMessage } from './outgoing-message.js';

const asBytes = (message: unknown): Uint8Array => Buffer.from(message as string);

/** Writes as generated code does: behind `pos`, after `reserve`. It reads nothing here. */
const codec = {
  encodeInto(message: unknown, sink: ByteSink): void {
    const bytes = asBytes(message);
    sink.reserve(bytes.length);
    sink.bytes.set(bytes, sink.pos);
    sink.pos += bytes.length;
  },
} as unknown as MessageCodec;

const encoding = (overrides: Partial<MessageEncoding> = {}): MessageEncoding => ({
  codec: undefined,
  encode: asBytes,
  what: 'the request of /a.B/C',
  limitName: 'limits.maxSendMessageBytes',
  limitBytes: 1_000_000,
  ...overrides,
});

const message = (flag: number, payload: Buffer | string): Buffer => {
  const bytes = Buffer.from(payload);
  const prefix = Buffer.from([flag, 0, 0, 0, 0]);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
};

/** A stream that is open, and a way to send on it. */
async function make(options: ConstructorParameters<typeof SessionPair>[0] = {}) {
  const pair = await new SessionPair(options).connect();
  const [client, server] = await pair.open();
  const send = (text: string, how: Partial<MessageEncoding> = {}, ends = false) =>
    sendMessage(pair.client, client, encoding(how), text, 'identity', ends);
  return { pair, client, server, send };
}

const dataFrames = (pair: SessionPair): string[] =>
  pair.framesToServer
    .filter(({ type }) => type === FrameType.data)
    .map(({ payload, flags }) => `${payload.length}${flags === 0 ? '' : '.'}`);

describe('a message that is sent', () => {
  it('has its length in front, with and without generated code', async () => {
    for (const how of [{}, { codec }]) {
      const { pair, server, send } = await make();
      for (const text of ['', 'a', 'hello']) assert.equal(send(text, how), undefined);
      await pair.settle();
      const expected = Buffer.concat([message(0, ''), message(0, 'a'), message(0, 'hello')]);
      assert.ok(server.recorder.received.equals(expected));
      assert.deepEqual(dataFrames(pair), ['5', '6', '10']);
    }
  });

  it('ends the stream along with its frame, when it is the last', async () => {
    const { pair, client, server, send } = await make();
    send('last', {}, true);
    assert.equal(client.localClosed, true);
    await pair.settle();
    assert.deepEqual([dataFrames(pair), server.log], [['9.'], ['run', 'end']]);
  });

  it('waits for its turn when it fits no frame, and ends the stream behind it', async () => {
    const { pair, client, server, send } = await make();
    const large = 'y'.repeat(20_000);
    send('small');
    send(large);
    send('behind', {}, true);
    assert.equal(client.queuedBytes, 20_005 + 11);
    await pair.settle();
    assert.deepEqual(dataFrames(pair), ['10', '16384', '3632.']);
    assert.ok(
      server.recorder.received.equals(Buffer.concat([message(0, 'small'), message(0, large), message(0, 'behind')])),
    );
    assert.deepEqual(server.log, ['run', 'end']);
  });

  it('waits when a window or the socket has no room for it', async () => {
    for (const shut of [
      (client: TestClientStream) => (client.sendWindow = 9),
      (_: TestClientStream, pair: SessionPair) => (pair.client.sendWindow = 9),
      (_: TestClientStream, pair: SessionPair) => (pair.client.out.blocked = true),
    ]) {
      const { pair, client, send } = await make();
      shut(client, pair);
      send('hello');
      assert.deepEqual([client.queuedBytes, pair.client.bufferedBytes], [10, 10]);
    }
  });

  it('uses a window up to its last byte', async () => {
    const { pair, client, send } = await make();
    client.sendWindow = pair.client.sendWindow = 10;
    send('hello');
    assert.deepEqual([client.queuedBytes, client.sendWindow, pair.client.sendWindow], [0, 0, 0]);
  });

  it('is compressed, and marked so', async () => {
    for (const how of [{}, { codec }]) {
      const { pair, client, server } = await make();
      const text = 'hello '.repeat(100);
      sendMessage(pair.client, client, encoding(how), text, 'gzip', false);
      await pair.settle();
      const { received } = server.recorder;
      assert.equal(received[0], 1);
      assert.equal(received.readUInt32BE(1), received.length - 5);
      assert.ok(received.length < 100);
      assert.equal(decompress(received.subarray(5), 'gzip', 1000).toString(), text);
    }
  });

  it('is nothing at all when it cannot be encoded: the status says why', async () => {
    const throws = {
      encode: () => {
        throw new Error('no such enum');
      },
    };
    const half = {
      encodeInto(_message: unknown, sink: ByteSink): void {
        sink.reserve(100_000);
        sink.pos += 100_000;
        throw new Error('no such enum');
      },
    } as unknown as MessageCodec;
    for (const how of [throws, { codec: half }]) {
      const { pair, server, send } = await make();
      send('before');
      const status = send('x', how);
      assert.equal(status?.code, Code.INTERNAL);
      assert.match(status?.details ?? '', /the request of \/a\.B\/C.*no such enum/);
      send('behind');
      await pair.settle();
      assert.ok(server.recorder.received.equals(Buffer.concat([message(0, 'before'), message(0, 'behind')])));
    }
  });

  it('is nothing at all when it is too large: the status names limit and size', async () => {
    const { pair, server, send } = await make();
    assert.equal(send('hello', { limitBytes: 5 }), undefined);
    const status = send('hello!', { limitBytes: 5 });
    assert.deepEqual([status?.code, status?.reason], [Code.RESOURCE_EXHAUSTED, 'MESSAGE_TOO_LARGE']);
    assert.match(status?.details ?? '', /of 6 bytes is over limits\.maxSendMessageBytes = 5/);
    await pair.settle();
    assert.ok(server.recorder.received.equals(message(0, 'hello')));
  });

  it('does not make the output of a tick grow for ever', async () => {
    const { pair, send } = await make();
    const { writes } = pair.clientSocket;
    for (let count = 0; count < 100; count++) send('y'.repeat(2000));
    assert.ok(pair.clientSocket.writes - writes >= 3, 'written before the tick has ended');
    assert.ok(pair.client.out.unwrittenBytes < 64 * 1024);
  });
});
