import assert from 'node:assert/strict';
import { data, settings, windowUpdate } from '../frames.js';
import { message } from '../grpc-bytes.js';
import { COUNT, MANY, TALK } from '../methods.js';
import { SETTING, TYPE } from '../numbers.js';
import { MAX_WINDOW, type RawPeer } from '../raw-peer.js';
import { settled, until } from '../until.js';
import { begin, call, expectEcho, type Arena } from './arena.js';
import { expectReaction, FLOW_CONTROL_ERROR, PROTOCOL_ERROR } from './reaction.js';

/** 16 KiB each: 24 MB, room for buffers of the system and for windows, none for "everything". */
const BOUND = 1500;

const contentOf = (peer: RawPeer, stream?: number): number =>
  peer.frames.reduce(
    (sum, frame) =>
      frame.type === TYPE.DATA && (stream ?? frame.stream) === frame.stream ? sum + frame.payload.length : sum,
    0,
  );

/** How many bytes the server has allowed on a stream since it was opened. */
const granted = (peer: RawPeer, stream: number): number => {
  const initial = peer.frames.find(({ settings: pairs }) => pairs?.has(SETTING.INITIAL_WINDOW_SIZE) === true)?.settings;
  return peer.frames.reduce(
    (sum, frame) => (frame.stream === stream ? sum + (frame.increment ?? 0) : sum),
    initial?.get(SETTING.INITIAL_WINDOW_SIZE) ?? 65_535,
  );
};

/** Flow control, broken and abused. @see RFC 9113, sections 5.2 and 6.9 */
export function describeFlow(arena: () => Arena): void {
  const opened = async (): Promise<RawPeer> => {
    const peer = await arena().attacker();
    peer.send(begin(1, COUNT));
    await peer.roundTrip();
    return peer;
  };

  it('WINDOW_UPDATE that takes the window of the connection over 2^31-1', async () => {
    const attacker = await opened();
    attacker.send(windowUpdate(0, MAX_WINDOW));
    await expectReaction(attacker, 1, FLOW_CONTROL_ERROR);
    await arena().survived();
  });

  it('WINDOW_UPDATE that takes the window of a stream over 2^31-1', async () => {
    const attacker = await opened();
    attacker.send(windowUpdate(1, MAX_WINDOW));
    await expectReaction(attacker, 1, { reset: ['FLOW_CONTROL_ERROR'] });
    await arena().survived(attacker);
  });

  it('WINDOW_UPDATE of 0 on the connection', async () => {
    const attacker = await opened();
    attacker.send(windowUpdate(0, 0));
    await expectReaction(attacker, 1, PROTOCOL_ERROR);
    await arena().survived();
  });

  it('WINDOW_UPDATE of 0 on a stream', async () => {
    const attacker = await opened();
    attacker.send(windowUpdate(1, 0));
    await expectReaction(attacker, 1, { reset: ['PROTOCOL_ERROR'], goaway: ['PROTOCOL_ERROR'] });
    await arena().survived(attacker);
  });

  it('SETTINGS that take the window of an open stream over 2^31-1', async () => {
    const attacker = await opened();
    attacker.send(windowUpdate(1, 1), settings(['INITIAL_WINDOW_SIZE', MAX_WINDOW]));
    await expectReaction(attacker, 1, FLOW_CONTROL_ERROR);
    await arena().survived();
  });

  it('more DATA than the window of the server allows', async () => {
    const attacker = await arena().attacker();
    // Its handler reads nothing, so the server gives no window back.
    attacker.send(begin(1, MANY));
    await attacker.roundTrip();
    // One message that is never complete: 4 MiB less than it announces.
    attacker.send(data(1, message('', 0, 3 * 1024 * 1024)));
    const sent = await attacker.flood(data(1, Buffer.alloc(16_000)), 2000);
    await expectReaction(attacker, 1, {
      goaway: ['FLOW_CONTROL_ERROR'],
      reset: ['FLOW_CONTROL_ERROR', 'PROTOCOL_ERROR', 'CANCEL', 'INTERNAL_ERROR'],
      grpc: [8, 12, 13],
    });
    arena().bearable();
    assert.ok(sent <= 2000);
    await arena().survived(attacker);
  });

  it('a peer that never opens its window: what waits for it is bounded', async () => {
    const attacker = await arena().attacker([['INITIAL_WINDOW_SIZE', 0]]);
    for (let stream = 1; stream < 200; stream += 2) attacker.send(call(stream, MANY, '1000'));
    await until(() => arena().handlers.started === 100);
    const sent = await settled(() => arena().handlers.sent);
    assert.ok(sent < BOUND, `${sent} messages of 16 KiB were made for a peer that takes none`);
    assert.equal(contentOf(attacker), 0);
    arena().bearable();
    await arena().survived(attacker);
  });

  it('a peer that opens its window byte by byte gets bytes', async () => {
    const attacker = await arena().attacker([['INITIAL_WINDOW_SIZE', 0]]);
    attacker.send(call(1, MANY, '1000'));
    for (let bytes = 1; bytes <= 50; bytes++) {
      attacker.send(windowUpdate(1, 1));
      await attacker.until(`${bytes} bytes`, () => contentOf(attacker, 1) === bytes || undefined);
    }
    await arena().survived(attacker);
  });

  it('a peer that opens its windows and reads nothing: what waits for it is bounded', async () => {
    const attacker = await arena().attacker([['INITIAL_WINDOW_SIZE', MAX_WINDOW]], MAX_WINDOW);
    attacker.socket.pause();
    for (let stream = 1; stream < 20; stream += 2) attacker.send(call(stream, MANY, '4000'));
    await until(() => arena().handlers.started === 10);
    const sent = await settled(() => arena().handlers.sent);
    assert.ok(sent < BOUND, `${sent} messages of 16 KiB were made for a peer that reads none`);
    arena().bearable();
    await arena().survived(attacker);
  });

  it('a window that becomes negative is waited out', async () => {
    const peer = await arena().attacker([['INITIAL_WINDOW_SIZE', 20_000]]);
    peer.send(call(1, MANY, '2'));
    await peer.until('20,000 bytes', () => contentOf(peer, 1) === 20_000 || undefined);
    peer.send(settings(['INITIAL_WINDOW_SIZE', 0]));
    await peer.expectFrame('SETTINGS', ({ ack }) => ack);
    peer.send(windowUpdate(1, 20_000));
    await peer.roundTrip();
    assert.equal(contentOf(peer, 1), 20_000);
    peer.send(windowUpdate(1, 10));
    await peer.until('ten bytes more', () => contentOf(peer, 1) === 20_010 || undefined);
    peer.send(settings(['INITIAL_WINDOW_SIZE', 100_000]));
    assert.equal((await peer.response(1)).content.length, 2 * (16_384 + 5));
    await arena().survived(peer);
  });

  it('DATA frames are no larger than the peer takes', async () => {
    const peer = await arena().attacker([['MAX_FRAME_SIZE', 16_384]], MAX_WINDOW);
    peer.send(call(1, MANY, '3'));
    await peer.response(1);
    for (const { payload } of peer.frames) assert.ok(payload.length <= 16_384, `a frame of ${payload.length} bytes`);
    await arena().survived(peer);
  });

  it('one stream that stalls holds no other up', async () => {
    const peer = await arena().attacker([['INITIAL_WINDOW_SIZE', 100]], MAX_WINDOW);
    peer.send(call(1, MANY, '100'));
    await peer.until('its window', () => contentOf(peer, 1) === 100 || undefined);
    await expectEcho(peer, 3);
    await expectEcho(peer, 5);
    await arena().survived(peer);
  });

  it('a handler that does not read holds its peer up, and no other stream', async () => {
    const peer = await arena().attacker([['INITIAL_WINDOW_SIZE', 0]]);
    // What it answers to the first message finds no window, so it reads no further.
    peer.send(begin(1, TALK));
    const piece = data(1, message('x'.repeat(16_000)));
    let sent = 0;
    while (sent < 2000 && (sent + 1) * piece.length <= granted(peer, 1)) {
      await peer.deliver(piece);
      sent++;
    }
    assert.ok(sent < BOUND, `the server took ${sent} messages for a handler that reads none`);
    peer.send(settings(['INITIAL_WINDOW_SIZE', 65_535]));
    await expectEcho(peer, 3);
    await arena().survived(peer);
  });
}
