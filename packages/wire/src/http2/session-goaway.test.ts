import assert from 'node:assert/strict';
import { ErrorCode } from './error-code.js';
import { FrameType } from './frame.js';
import type { Frame } from './testing/frames.js';
import { rawFrame, settingsFrame } from './testing/raw-frames.js';
import { RefClock } from './testing/ref-clock.js';
import { SessionPair } from './testing/session-pair.js';

const MAX_ID = 2 ** 31 - 1;

function goaway(lastStreamId: number, code = 0, debug = ''): Buffer {
  const payload = Buffer.alloc(8);
  payload.writeUInt32BE(lastStreamId, 0);
  payload.writeUInt32BE(code, 4);
  return rawFrame(FrameType.goaway, 0, Buffer.concat([payload, Buffer.from(debug)]));
}

/** The GOAWAY frames among these, as `last stream, code, text`. */
const goaways = (frames: readonly Frame[]): string[] =>
  frames
    .filter(({ type }) => type === FrameType.goaway)
    .map(({ payload }) => `${payload.readUInt32BE(0)}, ${payload.readUInt32BE(4)}, ${payload.toString('utf8', 8)}`);

describe('a client whose server says GOAWAY', () => {
  it('is told which calls the server has not taken, and goes on with the others to their end', async () => {
    const pair = await new SessionPair().connect();
    const [[first, server], [second], [third]] = [await pair.open(), await pair.open(), await pair.open()];
    pair.client.onChunk(goaway(1, ErrorCode.noError, 'bye'));
    assert.deepEqual(
      [first.log, second.log, third.log],
      [
        [],
        ['refused: the server said GOAWAY before it took the call'],
        ['refused: the server said GOAWAY before it took the call'],
      ],
    );
    assert.equal(pair.client.hasRoom, false);
    first.send('more', true);
    server.head();
    server.finish();
    await pair.settle();
    assert.deepEqual(first.log, ['200', 'trailers', 'end']);
    assert.deepEqual(
      pair.log.filter((line) => /goaway|client/.test(line)),
      ['goaway 0 bye', 'client ended: it was closed after its last call'],
    );
  });

  it('ends at once without calls', async () => {
    const pair = await new SessionPair().connect();
    pair.client.onChunk(goaway(0));
    await pair.settle();
    assert.match(pair.log.join(), /goaway 0 ,client ended: it was closed after its last call/);
  });

  it('goes by the lowest last stream of several GOAWAYs', async () => {
    const pair = await new SessionPair().connect();
    const [[first], [second], [third]] = [await pair.open(), await pair.open(), await pair.open()];
    pair.client.onChunk(goaway(MAX_ID));
    assert.deepEqual([first.log, second.log, third.log], [[], [], []]);
    pair.client.onChunk(goaway(3));
    pair.client.onChunk(goaway(MAX_ID));
    assert.deepEqual([first.gone, second.gone, third.gone], [false, false, true]);
    pair.client.onChunk(goaway(0));
    assert.deepEqual([first.gone, second.gone], [true, true]);
  });

  it('does not send what was about to begin, and ends when that was all', async () => {
    const pair = await new SessionPair().connect();
    const waiting = pair.start();
    pair.client.onChunk(goaway(0));
    await pair.settle();
    assert.deepEqual(waiting.log, ['never sent: the server is closing the connection']);
    assert.deepEqual(
      pair.framesToServer.filter(({ type }) => type === FrameType.headers),
      [],
    );
    assert.match(pair.log.join(), /client ended: it was closed after its last call/);
  });

  it('passes the debug text on, 256 characters of it', async () => {
    const pair = await new SessionPair().connect();
    pair.client.onChunk(goaway(0, ErrorCode.enhanceYourCalm, 'x'.repeat(1000)));
    assert.equal(pair.log[0], `goaway 11 ${'x'.repeat(256)}`);
  });
});

describe('a client session that leaves', () => {
  it('ends after its last call', async () => {
    const pair = await new SessionPair().connect();
    const [client, server] = await pair.open();
    pair.client.leave();
    assert.equal(pair.client.hasRoom, false);
    await pair.settle();
    assert.equal(pair.client.ended, false);
    client.finish();
    server.finish();
    await pair.settle();
    assert.equal(pair.client.ended, true);
    assert.match(pair.log.join(), /server ended/);
    assert.deepEqual(goaways(pair.framesToServer), ['0, 0, ']);
  });

  it('ends when the call that was about to begin has been cancelled', async () => {
    const pair = await new SessionPair().connect();
    pair.start().cancel(ErrorCode.cancel);
    pair.client.leave();
    await pair.settle();
    assert.equal(pair.client.ended, true);
  });

  it('ends when the calls that were about to begin have not been sent', async () => {
    const pair = await new SessionPair().connect();
    const waiting = [pair.start(), pair.start()];
    pair.client.leave();
    await pair.settle();
    for (const { log } of waiting) assert.deepEqual(log, ['never sent: the server is closing the connection']);
    assert.equal(pair.client.ended, true);
  });

  it('sends nothing that was about to begin when it is closed', async () => {
    const pair = await new SessionPair().connect();
    const waiting = pair.start();
    pair.client.close('the client was closed');
    await pair.settle();
    assert.deepEqual(waiting.log, ['never sent: the client was closed']);
    assert.deepEqual(
      pair.framesToServer.filter(({ type }) => type === FrameType.headers),
      [],
    );
  });

  it('sends nothing that was about to begin when the server breaks a rule', async () => {
    const pair = await new SessionPair().connect();
    const waiting = pair.start();
    pair.client.onChunk(rawFrame(FrameType.settings, 1, ''));
    await pair.settle();
    assert.deepEqual(waiting.log, ['never sent: PROTOCOL_ERROR: SETTINGS on stream 1']);
    assert.deepEqual(
      pair.framesToServer.filter(({ type }) => type === FrameType.headers),
      [],
    );
    assert.deepEqual(goaways(pair.framesToServer), ['0, 1, SETTINGS on stream 1']);
  });

  it('asks once for a successor, in time before its stream ids are used up, and goes on meanwhile', async () => {
    const first = MAX_ID - 2 * 65_536;
    const pair = await new SessionPair({ firstId: first - 2 }).connect();
    const streams = [pair.start(), pair.start(), pair.start()];
    await pair.settle();
    assert.deepEqual(
      streams.map(({ id }) => id),
      [first - 2, first, first + 2],
    );
    assert.equal(pair.log.filter((line) => line === 'client aging').length, 1);
    assert.doesNotMatch(pair.log.join(), /goaway/);
  });

  it('leaves when its stream ids are used up', async () => {
    const pair = await new SessionPair({ firstId: MAX_ID - 2 }).connect();
    const streams = [pair.start(), pair.start(), pair.start()];
    await pair.settle();
    assert.deepEqual(
      streams.map(({ id }) => id),
      [MAX_ID - 2, MAX_ID, 0],
    );
    assert.deepEqual(streams[2]?.log, ['never sent: the server is closing the connection']);
    assert.match(pair.log.join(), /goaway 0 its stream ids are used up/);
  });

  it('hears of no further call once it has ended, and tells each once', async () => {
    const pair = await new SessionPair().connect();
    const [client] = await pair.open();
    const waiting = pair.start();
    pair.cut();
    pair.client.onSocketEnd('again');
    await pair.settle();
    assert.deepEqual([client.log, waiting.log], [['lost: cut'], ['never sent: cut']]);
    assert.deepEqual(
      pair.log.filter((line) => line.startsWith('client')),
      ['client ended: cut'],
    );
  });
});

describe('a server session that drains', () => {
  it('asks first, names the last stream when its client must have heard, and ends after the last call', async () => {
    const pair = await new SessionPair().connect();
    const [, early] = await pair.open();
    const late = pair.start();
    await new Promise((resolve) => setImmediate(resolve));
    pair.server.drain('max_age');
    await pair.settle();
    const [, accepted] = pair.accepted;
    assert.ok(accepted !== undefined, 'a call that was on its way is handled');
    assert.deepEqual(goaways(pair.framesToClient), [`${MAX_ID}, 0, max_age`, '3, 0, max_age']);
    for (const server of [early, accepted]) {
      server.head();
      server.finish();
    }
    await pair.settle();
    assert.deepEqual(late.log, ['200', 'trailers', 'end']);
    assert.equal(pair.server.ended, false, 'the requests have not ended');
    pair.cut();
  });

  it('takes one second without an answer for having heard', async () => {
    const pair = await new SessionPair().connect();
    const [client, server] = await pair.open();
    pair.server.drain('max_age');
    await new Promise((resolve) => setImmediate(resolve));
    pair.clock.tick(999);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(goaways(framesWritten(pair)), [`${MAX_ID}, 0, max_age`]);
    pair.clock.tick(1);
    await pair.settle();
    assert.deepEqual(goaways(pair.framesToClient), [`${MAX_ID}, 0, max_age`, '1, 0, max_age']);
    client.finish();
    server.head();
    server.finish();
    await pair.settle();
    assert.match(pair.log.join(), /server ended: it was closed after its last call/);
  });

  it('keeps no process alive, whatever it waits for', async () => {
    const clock = new RefClock();
    const pair = await new SessionPair({ clock }).connect();
    pair.server.onChunk(rawFrame(FrameType.headers, 1, Buffer.from([0x83]), 0));
    pair.server.drain('max_age');
    clock.tick(60_000);
    assert.equal(pair.server.ended, true);
    assert.equal(clock.refs, 0);
  });

  it('asks once, however often it is told to', async () => {
    const pair = await new SessionPair().connect();
    await pair.open();
    for (let count = 0; count < 3; count++) pair.server.drain('max_age');
    await pair.settle();
    pair.server.drain('max_idle');
    pair.clock.tick(5000);
    await pair.settle();
    assert.equal(goaways(pair.framesToClient).length, 2);
  });

  it('ends at once without calls, and has no timer left', async () => {
    const pair = await new SessionPair().connect();
    pair.server.drain('max_idle');
    await pair.settle();
    assert.equal(pair.server.ended, true);
    // A socket that nobody closes is cut off in the end.
    pair.clock.tick(10_000);
    assert.equal(pair.clock.pendingTimers, 0);
  });

  it('handles no call that comes behind its last GOAWAY, and does not answer it', async () => {
    const pair = await new SessionPair().connect();
    const [, server] = await pair.open();
    pair.server.drain('max_age');
    await pair.settle();
    const before = pair.framesToClient.length;
    // A client that has not heard, or does not listen.
    const head = pair.framesToServer.find(({ type }) => type === FrameType.headers);
    assert.ok(head !== undefined);
    pair.server.onChunk(rawFrame(FrameType.headers, 3, head.payload, 4));
    pair.server.onChunk(rawFrame(FrameType.data, 3, 'payload'));
    pair.server.onChunk(rawFrame(FrameType.windowUpdate, 3, Buffer.from([0, 0, 0, 1])));
    await pair.settle();
    assert.equal(pair.accepted.length, 1);
    assert.deepEqual(pair.framesToClient.slice(before), []);
    pair.server.close('the server was closed');
    await pair.settle();
    assert.deepEqual(goaways(pair.framesToClient).slice(1), ['1, 0, max_age', '1, 0, the server was closed']);
    assert.equal(server.log.at(-1), 'lost: the server was closed');
  });

  it('names the same last stream when it ends for a broken rule', async () => {
    const pair = await new SessionPair().connect();
    await pair.open();
    pair.server.drain('max_age');
    await pair.settle();
    const head = pair.framesToServer.find(({ type }) => type === FrameType.headers);
    pair.server.onChunk(rawFrame(FrameType.headers, 3, head?.payload ?? '', 4));
    pair.server.onChunk(settingsFrame([4, 2 ** 31]));
    await pair.settle();
    assert.deepEqual(goaways(pair.framesToClient).slice(1), [
      '1, 0, max_age',
      '1, 3, SETTINGS_INITIAL_WINDOW_SIZE is 2147483648',
    ]);
  });

  it('ends after its last call also when the client was slow to read the answer', async () => {
    const pair = await new SessionPair({ room: 50_000 }).connect();
    const [client, server] = await pair.open();
    client.finish();
    pair.server.drain('max_age');
    await pair.settle();
    server.head();
    server.send(Buffer.alloc(200_000));
    server.finish();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([pair.server.out.blocked, server.gone, pair.server.ended], [true, true, false]);
    // Its kernel reads all, the client itself says nothing.
    while (!pair.serverSocket.drain(50_000)) assert.equal(pair.server.ended, false);
    pair.server.onSocketDrain();
    await new Promise((resolve) => setImmediate(resolve));
    assert.match(pair.log.join(), /server ended: it was closed after its last call/);
  });
});

describe('a server session that is closed', () => {
  it('says so, ends its calls, and ends once', async () => {
    const pair = await new SessionPair().connect();
    const [client, server] = await pair.open();
    pair.server.close('the server was closed');
    pair.server.close('again');
    await pair.settle();
    assert.deepEqual([client.log, server.log], [['lost: closed by the peer'], ['run', 'lost: the server was closed']]);
    assert.deepEqual(goaways(pair.framesToClient), ['1, 0, the server was closed']);
    assert.equal(pair.log.filter((line) => line.startsWith('server ended')).length, 1);
  });

  it('sends a client away that does not speak within 10 s', async () => {
    const pair = new SessionPair();
    pair.server.greet();
    pair.clock.tick(9999);
    assert.equal(pair.server.ended, false);
    pair.clock.tick(1);
    assert.match(pair.log.join(), /server ended: ENHANCE_YOUR_CALM: it did not speak HTTP\/2 within 10000 ms/);
    const spoken = await new SessionPair().connect();
    spoken.clock.tick(60_000);
    assert.equal(spoken.server.ended, false);
  });
});

/** What the server has written, whether or not it has arrived. */
function framesWritten(pair: SessionPair): Frame[] {
  pair.toClient();
  return pair.framesToClient;
}
