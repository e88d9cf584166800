import assert from 'node:assert/strict';
import { data, ping, priority, rstStream, settings, windowUpdate } from '../frames.js';
import { message } from '../grpc-bytes.js';
import { COUNT, HANG, TALK } from '../methods.js';
import { until } from '../until.js';
import { begin, call, expectEcho, type Arena } from './arena.js';

/** What real clients do, and some of it often: no attack, so nothing may be done about it. */
export function describePatience(arena: () => Arena): void {
  it('a PING with every call, as clients send that measure bandwidth', async () => {
    const peer = await arena().attacker();
    for (let stream = 1; stream < 600; stream += 2) {
      peer.send(ping(Buffer.from('bdp_ping')), windowUpdate(0, 100));
      await expectEcho(peer, stream);
      await peer.expectFrame('PING', ({ ack }) => ack);
    }
    await arena().survived(peer);
  });

  it('a PING with every message of a long stream', async () => {
    const peer = await arena().attacker();
    peer.send(begin(1, TALK));
    for (let round = 0; round < 300; round++) {
      peer.send(data(1, message('x')), ping(), windowUpdate(1, 6), windowUpdate(0, 6));
      await peer.expectFrame('DATA');
      await peer.expectFrame('PING', ({ ack }) => ack);
    }
    peer.send(data(1, Buffer.alloc(0), { endStream: true }));
    assert.equal((await peer.response(1)).trailers.get('grpc-status'), '0');
    await arena().survived(peer);
  });

  it('calls that are cancelled, one in two, after their handler has begun', async () => {
    const peer = await arena().attacker();
    for (let stream = 1; stream < 800; stream += 4) {
      const { started } = arena().handlers;
      peer.send(call(stream, HANG));
      await until(() => arena().handlers.started > started);
      peer.send(rstStream(stream, 'CANCEL'));
      await expectEcho(peer, stream + 2);
    }
    await arena().survived(peer);
  });

  it('a hundred calls that are cancelled together', async () => {
    const peer = await arena().attacker();
    for (let stream = 1; stream <= 200; stream += 2) peer.send(call(stream, HANG));
    await until(() => arena().handlers.running === 100);
    for (let stream = 1; stream <= 200; stream += 2) peer.send(rstStream(stream, 'CANCEL'));
    await until(() => arena().handlers.running === 0);
    await expectEcho(peer, 201);
    await arena().survived(peer);
  });

  it('a few SETTINGS and PRIORITY, at any time', async () => {
    const peer = await arena().attacker();
    for (let one = 0; one < 10; one++) peer.send(priority(2 * one + 1, { dependsOn: 0, exclusive: true }), settings());
    await expectEcho(peer, 101);
    await arena().survived(peer);
  });

  it('a message in DATA frames of one byte, padded and not', async () => {
    const peer = await arena().attacker();
    peer.send(begin(1, COUNT));
    const bytes = message('x'.repeat(200));
    for (let at = 0; at < bytes.length; at++)
      peer.send(data(1, bytes.subarray(at, at + 1), at % 2 === 0 ? {} : { padding: 255 }));
    peer.send(data(1, Buffer.alloc(0), { endStream: true, padding: 9 }));
    assert.equal((await peer.response(1)).content.subarray(5).toString(), '1 messages, 200 bytes');
    await arena().survived(peer);
  });
}
