import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ErrorCode } from './error-code.js';
import { Flag, FrameType, PREFACE, SettingId } from './frame.js';
import { chunked } from './testing/chunked.js';
import { rawFrame, rawFrame32, settingsFrame } from './testing/raw-frames.js';
import { SessionPair } from './testing/session-pair.js';
import { REQUEST } from './testing/test-streams.js';

const KIB = 1024;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('streams of two sessions', () => {
  it('begin together at the end of a tick, but for those that were cancelled before', async () => {
    const pair = await new SessionPair().connect();
    const [first, cancelled, last] = [pair.start(), pair.start(), pair.start()];
    cancelled.cancel(ErrorCode.cancel);
    const { writes } = pair.clientSocket;
    await pair.settle();
    assert.equal(pair.clientSocket.writes, writes + 1);
    assert.deepEqual([first.id, cancelled.id, last.id, pair.accepted.length], [1, 0, 3, 2]);
  });

  it('wait while the socket is full', async () => {
    const pair = await new SessionPair({ room: 20_000 }).connect();
    const [busy] = await pair.open();
    busy.send(Buffer.alloc(200_000));
    await turn();
    const waiting = pair.start();
    await turn();
    assert.deepEqual([pair.client.out.blocked, waiting.id, pair.client.load], [true, 0, 2]);
    await pair.settle();
    assert.deepEqual([waiting.id, pair.accepted.length], [3, 2]);
  });

  it('are forgotten when they are cancelled while the socket is full', async () => {
    const pair = await new SessionPair({ room: 20_000 }).connect();
    const [busy] = await pair.open();
    busy.send(Buffer.alloc(200_000));
    await turn();
    const stays = pair.start();
    for (let count = 0; count < 20_000; count++) pair.start().cancel(ErrorCode.cancel);
    const last = pair.start();
    assert.ok(pair.client.load < 260, `${pair.client.load} streams`);
    await pair.settle();
    assert.deepEqual([stays.id, last.id, pair.client.load], [3, 5, 3]);
  });

  it('are as many as the server allows; it refuses more, and takes more when one has ended', async () => {
    const pair = await new SessionPair({ maxConcurrentStreams: 2 }).connect();
    const [first, server] = await pair.open();
    assert.equal(pair.client.hasRoom, true);
    await pair.open();
    assert.equal(pair.client.hasRoom, false);
    const refused = pair.start();
    await pair.settle();
    assert.deepEqual([refused.log, pair.accepted.length], [['reset REFUSED_STREAM'], 2]);
    first.finish();
    server.finish();
    await pair.settle();
    assert.equal(pair.client.hasRoom, true);
    await pair.open();
  });

  it('count as open while their handler runs, also when they were cancelled', async () => {
    const pair = await new SessionPair({ maxConcurrentStreams: 1 }).connect();
    const [client, server] = await pair.open();
    server.running = true;
    client.cancel(ErrorCode.cancel);
    await pair.settle();
    assert.deepEqual([pair.server.streams.size, pair.server.load], [0, 1]);
    const refused = pair.start();
    await pair.settle();
    assert.deepEqual(refused.log, ['reset REFUSED_STREAM']);
    pair.server.onHandlerDone(server);
    assert.equal(pair.server.load, 0);
    await pair.open();
  });

  it('run when their chunk has been read, unless they were cancelled in it', async () => {
    const pair = await new SessionPair({ chunks: [100_000] }).connect();
    const head = (id: number): Buffer =>
      rawFrame(FrameType.headers, id, Buffer.from([0x83, 0x86, 0x84]), Flag.endHeaders);
    const log: string[] = [];
    pair.onAccept = (stream) => log.push(`accepted ${stream.path}`);
    pair.server.onChunk(
      Buffer.concat([head(1), head(3), rawFrame32(FrameType.rstStream, 1, 8), rawFrame(FrameType.data, 3, 'abc')]),
    );
    assert.deepEqual(log, ['accepted /', 'accepted /']);
    assert.deepEqual(
      pair.accepted.map((stream) => stream.log),
      [['reset CANCEL'], ['run']],
    );
    assert.equal(pair.accepted[1]?.recorder.received.toString(), 'abc');
  });

  it('tell whether a server is busy', async () => {
    const pair = await new SessionPair().connect();
    const first = await pair.open();
    const second = await pair.open();
    for (const [client] of [first, second]) client.cancel(ErrorCode.cancel);
    await pair.settle();
    await pair.open();
    assert.deepEqual(pair.log, ['busy', 'idle', 'busy']);
  });
});

describe('resets between two sessions', () => {
  it('cross payload on its way, which means nothing then', async () => {
    const pair = await new SessionPair().connect();
    const [client, server] = await pair.open();
    server.head();
    server.send(Buffer.alloc(100 * KIB));
    await turn();
    client.cancel(ErrorCode.cancel);
    client.session?.out.flush();
    await pair.settle();
    assert.deepEqual([client.log, server.log], [[], ['run', 'reset CANCEL']]);
    const frames = [...pair.framesToClient, ...pair.framesToServer];
    assert.equal(frames.filter(({ type }) => type === FrameType.rstStream).length, 1, 'nobody answers with a reset');
    assert.deepEqual([pair.client.ended, pair.server.ended], [false, false]);
  });

  it('cross each other', async () => {
    const pair = await new SessionPair().connect();
    const [client, server] = await pair.open();
    client.cancel(ErrorCode.cancel);
    server.cancel(ErrorCode.internalError);
    await pair.settle();
    assert.deepEqual([client.log, server.log], [[], ['run']]);
    assert.deepEqual([pair.client.streams.size, pair.server.streams.size], [0, 0]);
    await pair.open();
  });

  it('end what a stream still had to send', async () => {
    const pair = await new SessionPair().connect();
    const [client, server] = await pair.open();
    server.recorder.reading = false;
    client.send(Buffer.alloc(1000 * KIB), true);
    await pair.settle();
    server.cancel(ErrorCode.noError);
    await pair.settle();
    assert.deepEqual([client.log, pair.client.bufferedBytes], [['reset NO_ERROR'], 0]);
  });

  it('are what a client gets that sends on a stream which has ended', async () => {
    const pair = await new SessionPair().connect();
    const [client, server] = await pair.open(REQUEST, true);
    server.head();
    server.finish();
    await pair.settle();
    pair.server.onChunk(rawFrame(FrameType.data, client.id, 'late'));
    await pair.settle();
    const reset = pair.framesToClient.at(-1);
    assert.deepEqual(
      [reset?.type, reset?.streamId, reset?.payload.readUInt32BE(0)],
      [3, client.id, ErrorCode.streamClosed],
    );
    assert.equal(pair.server.ended, false);
  });

  it('leave windows and memory as they were, whenever they come', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constantFrom('open' as const), which: fc.constant(0), size: fc.constant(0) }),
      fc.record({
        kind: fc.constantFrom('up' as const, 'down' as const),
        which: fc.nat({ max: 9 }),
        size: fc.integer({ min: 1, max: 300_000 }),
      }),
      fc.record({
        kind: fc.constantFrom('clientReset' as const, 'serverReset' as const, 'end' as const),
        which: fc.nat({ max: 9 }),
        size: fc.constant(0),
      }),
      fc.record({
        kind: fc.constantFrom('toServer' as const, 'toClient' as const, 'turn' as const),
        which: fc.constant(0),
        size: fc.constant(0),
      }),
      fc.record({ kind: fc.constantFrom('hold' as const), which: fc.nat({ max: 9 }), size: fc.constant(0) }),
    );
    const property = fc.asyncProperty(
      fc.array(step, { maxLength: 60, size: 'max' }),
      fc.constantFrom(5000, 70_000, Number.POSITIVE_INFINITY),
      async (steps, room) => {
        const pair = await new SessionPair({ chunks: [4000, 977], room }).connect();
        const clients = [pair.start()];
        for (const { kind, which, size } of steps) {
          const client = clients[which];
          const server = pair.accepted[which];
          const payload = Buffer.alloc(size);
          if (kind === 'open' && clients.length < 10) clients.push(pair.start());
          else if (kind === 'up') client?.send(payload);
          else if (kind === 'down') server?.send(payload);
          else if (kind === 'clientReset') client?.cancel(ErrorCode.cancel);
          else if (kind === 'serverReset') server?.cancel(ErrorCode.internalError);
          else if (kind === 'end') client?.finish();
          else if (kind === 'hold' && server !== undefined) server.recorder.reading = false;
          else if (kind === 'toServer') pair.toServer();
          else if (kind === 'toClient') pair.toClient();
          else await turn();
        }
        await pair.settle();
        for (const client of clients) client.cancel(ErrorCode.cancel);
        await pair.settle();
        for (const { bufferedBytes, streams, ended } of [pair.client, pair.server])
          assert.deepEqual([bufferedBytes, streams.size, ended], [0, 0, false]);
        const [client, server] = await pair.open();
        const much = Buffer.alloc(3000 * KIB);
        client.send(much);
        server.send(much);
        await pair.settle();
        assert.deepEqual(
          [server.recorder.received.length, client.recorder.received.length],
          [much.length, much.length],
        );
      },
    );
    await fc.assert(property, { numRuns: 40 });
  });
});

describe('a session', () => {
  it('answers PING, and tells of the answers to its own', async () => {
    const pair = await new SessionPair().connect();
    await pair.open();
    const log: string[] = [];
    pair.client.ping(() => log.push('client'));
    pair.server.ping(() => log.push('server 1'));
    pair.server.ping(() => log.push('server 2'));
    await pair.settle();
    assert.deepEqual(log, ['server 1', 'server 2', 'client']);
    assert.ok(pair.client.received > 0 && pair.server.received > 0);
  });

  it('lets more streams begin when the peer allows more', async () => {
    const pair = await new SessionPair({ maxConcurrentStreams: 1 }).connect();
    await pair.open();
    assert.equal(pair.client.hasRoom, false);
    pair.client.onChunk(settingsFrame([SettingId.maxConcurrentStreams, 2]));
    assert.equal(pair.client.hasRoom, true);
    pair.client.onChunk(settingsFrame([SettingId.maxConcurrentStreams, 0]));
    assert.equal(pair.client.hasRoom, false);
  });

  it('does not answer for ever a peer that does not read, whether or not payload waits for it', async () => {
    const unserved = rawFrame(FrameType.headers, 0, Buffer.from([0x83, 0x86, 0x84]), Flag.endHeaders | Flag.endStream);
    for (const payload of [0, 100]) {
      const pair = await new SessionPair({ room: 100_000 }).connect();
      const [, server] = await pair.open();
      pair.serverSocket.room = 0;
      server.send(Buffer.alloc(20_000));
      await turn();
      assert.equal(pair.server.out.blocked, true);
      if (payload > 0) server.send(Buffer.alloc(payload));
      pair.onAccept = (stream) => process.nextTick(() => stream.head(undefined, true));
      for (let id = 3; id < 300_000 && !pair.server.ended; id += 2) {
        unserved.writeUInt32BE(id, 5);
        pair.server.onChunk(Buffer.from(unserved));
        if (id % 100 === 1) await turn();
      }
      assert.match(pair.log.join(), /server ended: ENHANCE_YOUR_CALM: the answers to its frames are not read/);
    }
  });

  it('reads the preface in any pieces', async () => {
    const greeting = Buffer.concat([PREFACE, settingsFrame()]);
    for (let size = 1; size <= greeting.length; size++) {
      const pair = new SessionPair();
      for (const chunk of chunked(greeting, [size])) pair.server.onChunk(chunk);
      assert.deepEqual([pair.server.settled, pair.log], [true, []], `pieces of ${size}`);
    }
  });

  it('tells whoever speaks HTTP/1 so in HTTP/1, and others in HTTP/2', () => {
    for (const request of ['GET / HTTP/1.1\r\n\r\n', 'POST /a.B/C HTTP/1.0\r\nhost: x\r\n\r\n']) {
      const pair = new SessionPair();
      pair.server.greet();
      pair.serverSocket.read();
      pair.server.onChunk(Buffer.from(request));
      assert.match(pair.serverSocket.read().toString(), /^HTTP\/1\.1 505 HTTP Version Not Supported\r\n/);
      assert.deepEqual([pair.serverSocket.ended, pair.log], [true, ['server ended: the client speaks HTTP/1']]);
    }
    const pair = new SessionPair();
    pair.server.greet();
    pair.serverSocket.read();
    pair.server.onChunk(Buffer.from('\x16\x03\x01\x02\x00\x01'));
    const goaway = pair.serverSocket.read();
    assert.equal(goaway[3], FrameType.goaway);
    assert.match(goaway.toString('latin1'), /this is a gRPC server, and the client does not speak HTTP\/2$/);
  });

  it('ends for a defect of its own, says so, and does not throw', async () => {
    const pair = await new SessionPair().connect();
    const [client, server] = await pair.open();
    const defects: unknown[] = [];
    pair.onDefect = (error) => defects.push(error);
    const defect = new TypeError('this cannot be');
    pair.onAccept = () => {
      throw defect;
    };
    pair.start();
    await pair.settle();
    assert.deepEqual(defects, [defect]);
    assert.match(pair.log.join(), /server ended: INTERNAL_ERROR: this cannot be,goaway 2 this cannot be/);
    assert.deepEqual(
      [client.log, server.log],
      [
        ['lost: the server left it with INTERNAL_ERROR (this cannot be)'],
        ['run', 'lost: INTERNAL_ERROR: this cannot be'],
      ],
    );
  });

  it('ends when a header block breaks HPACK', async () => {
    const pair = await new SessionPair().connect();
    pair.server.onChunk(rawFrame(FrameType.headers, 1, Buffer.from([0xff, 0xff]), Flag.endHeaders));
    assert.match(pair.log.join(), /server ended: COMPRESSION_ERROR/);
  });

  it('reads and writes nothing once it has ended', async () => {
    const pair = await new SessionPair().connect();
    const [client, server] = await pair.open();
    pair.cut();
    pair.server.onChunk(settingsFrame([SettingId.initialWindowSize, 2 ** 31]));
    pair.server.onSocketDrain();
    pair.server.close('again');
    pair.client.abandon('again');
    client.send('x');
    server.send('x');
    await pair.settle();
    assert.deepEqual(pair.log, ['busy', 'client ended: cut', 'server ended: cut']);
  });
});
