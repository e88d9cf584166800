import assert from 'node:assert/strict';
import { Code } from '@breakwater/core';
import { continuation, data, frame, headers, ping, priority, rstStream, settings, windowUpdate } from '../frames.js';
import { message, requestFields } from '../grpc-bytes.js';
import { literal, literals } from '../literals.js';
import { COUNT, ECHO, HANG } from '../methods.js';
import { TYPE } from '../numbers.js';
import { MAX_WINDOW, type RawPeer } from '../raw-peer.js';
import { begin, call, expectEcho, type Arena } from './arena.js';
import { CALM, expectReaction, type Reaction } from './reaction.js';

/** More than any legitimate peer sends without a pause. */
const FLOOD = 20_000;
/** What is done about single streams does not end a flood. */
const NO_STREAM = -1;
/** Frames per write. */
const BATCH = 20;

const times = (count: number, make: (index: number) => Uint8Array): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, index) => make(index)));

/** Frames that cost the attacker little and the server work or memory. The server is to end the connection before long. */
export function describeFloods(arena: () => Arena): void {
  const flooded = async (attacker: RawPeer, batch: (round: number) => Uint8Array, allowed: Reaction = CALM) => {
    await attacker.flood(batch, FLOOD / BATCH);
    await expectReaction(attacker, NO_STREAM, allowed);
    await arena().survived(attacker);
  };
  /** Stream ids of one round, from 1. */
  const ids = (round: number): readonly number[] =>
    Array.from({ length: BATCH }, (_, index) => 1 + 2 * (round * BATCH + index));

  /** Clients cancel, and some of them often: it has to be cheap, and then need not be forbidden. */
  const borne = async (request: (id: number) => Uint8Array): Promise<void> => {
    const attacker = await arena().attacker();
    await attacker.flood(
      (round) => Buffer.concat(ids(round).flatMap((id) => [request(id), rstStream(id, 'CANCEL')])),
      FLOOD / BATCH,
    );
    const { started } = arena().handlers;
    // A request and its reset may come in two pieces now and then.
    assert.ok(started < FLOOD / BATCH, `${started} handlers were started`);
    await expectEcho(attacker, 2 * FLOOD + 1);
    await arena().survived(attacker);
  };

  it('requests that are reset at once (rapid reset) run no handlers, and are borne', () =>
    borne((id) => call(id, HANG)));

  it('requests without messages that are reset at once run no handlers, and are borne', () =>
    borne((id) => begin(id, COUNT)));

  it('requests that make the server reset them (made you reset)', async () => {
    const attacker = await arena().attacker();
    await flooded(attacker, (round) =>
      Buffer.concat(ids(round).flatMap((id) => [begin(id, COUNT), windowUpdate(id, 0)])),
    );
  });

  it('malformed requests, each of which is reset', async () => {
    const attacker = await arena().attacker();
    const bad = literals(requestFields(ECHO.path, [['Upper', 'case']]));
    await flooded(attacker, (round) => Buffer.concat(ids(round).map((id) => headers(id, bad, { endStream: true }))), {
      goaway: ['ENHANCE_YOUR_CALM', 'PROTOCOL_ERROR'],
    });
  });

  it('requests over the limit of concurrent streams, each of which is refused', async () => {
    await arena().reopen({ limits: { maxConcurrentStreams: 1 } });
    const attacker = await arena().attacker();
    attacker.send(begin(1, COUNT));
    await attacker.roundTrip();
    await attacker.flood((round) => Buffer.concat(ids(round).map((id) => begin(id + 2, COUNT))), FLOOD / BATCH);
    assert.ok(arena().handlers.started <= 1, `${arena().handlers.started} calls were started`);
    await arena().survived(attacker);
  });

  it('a header block that never ends (CONTINUATION flood)', async () => {
    const attacker = await arena().attacker();
    attacker.send(headers(1, literals(requestFields(ECHO.path)), { endHeaders: false }));
    const piece = Buffer.concat(Array.from({ length: 100 }, () => literal(['x-more', 'x'.repeat(100)])));
    const sent = await attacker.flood(continuation(1, piece, false), 5000);
    await expectReaction(attacker, NO_STREAM, CALM);
    assert.ok(sent < 200, `${sent} frames of ${piece.length} bytes were taken`);
    await arena().survived();
  });

  it('a header block of empty CONTINUATION frames that never ends', async () => {
    const attacker = await arena().attacker();
    attacker.send(headers(1, literals(requestFields(ECHO.path)), { endHeaders: false }));
    await flooded(attacker, () => times(BATCH, () => continuation(1, Buffer.alloc(0), false)));
  });

  it('SETTINGS', async () => {
    await flooded(await arena().attacker(), (round) =>
      times(BATCH, () => settings(['INITIAL_WINDOW_SIZE', 65_535 + round])),
    );
  });

  it('empty SETTINGS', async () => {
    await flooded(await arena().attacker(), () => times(BATCH, () => settings()));
  });

  it('PING', async () => {
    await flooded(await arena().attacker(), () => times(BATCH, () => ping()));
  });

  for (const [what, batch] of [
    ['PING', times(BATCH, () => ping())],
    ['SETTINGS', times(BATCH, () => settings())],
  ] as const) {
    it(`${what} from a peer that never reads the answers`, async () => {
      const attacker = await arena().attacker();
      attacker.socket.pause();
      const chunk = Buffer.concat(Array.from({ length: 200 }, () => batch));
      await attacker.flood(chunk, 200);
      arena().bearable();
      attacker.socket.resume();
      await attacker.expectClosed();
      await arena().survived();
    });
  }

  it('empty DATA on an open stream', async () => {
    const attacker = await arena().attacker();
    attacker.send(begin(1, COUNT));
    await flooded(attacker, () => times(BATCH, () => data(1)));
  });

  it('DATA that is padding only', async () => {
    const attacker = await arena().attacker([], MAX_WINDOW);
    attacker.send(begin(1, COUNT));
    await flooded(attacker, () => times(BATCH, () => data(1, Buffer.alloc(0), { padding: 0 })));
  });

  it('DATA on streams that are closed', async () => {
    const attacker = await arena().attacker();
    await expectEcho(attacker, 1);
    attacker.send(begin(3, COUNT), rstStream(3));
    await flooded(attacker, () => times(BATCH, () => data(3)), {
      goaway: ['ENHANCE_YOUR_CALM', 'STREAM_CLOSED'],
    });
  });

  it('PRIORITY', async () => {
    await flooded(await arena().attacker(), (round) =>
      Buffer.concat(ids(round).map((id) => priority(id, { dependsOn: 0 }))),
    );
  });

  it('WINDOW_UPDATE of one, on the connection', async () => {
    await flooded(await arena().attacker(), () => times(BATCH, () => windowUpdate(0, 1)));
  });

  it('WINDOW_UPDATE of one, on a stream', async () => {
    const attacker = await arena().attacker();
    attacker.send(begin(1, COUNT));
    await flooded(attacker, () => times(BATCH, () => windowUpdate(1, 1)));
  });

  it('RST_STREAM of streams that are closed', async () => {
    const attacker = await arena().attacker();
    await expectEcho(attacker, 1);
    await flooded(attacker, () => times(BATCH, () => rstStream(1)));
  });

  it('frames of unknown types', async () => {
    await flooded(await arena().attacker(), () =>
      times(BATCH, (index) => frame({ type: 0x20 + index, payload: Buffer.alloc(8) })),
    );
  });

  it('SETTINGS acknowledgements that nobody asked for', async () => {
    await flooded(await arena().attacker(), () => times(BATCH, () => frame({ type: TYPE.SETTINGS, flags: 1 })));
  });

  it('messages without content, for a handler that reads them, are no flood', async () => {
    const attacker = await arena().attacker();
    attacker.send(begin(1, COUNT));
    for (let round = 0; round < 50; round++)
      await attacker.deliver(
        data(
          1,
          times(100, () => message('')),
        ),
      );
    attacker.send(data(1, Buffer.alloc(0), { endStream: true }));
    const { content, trailers } = await attacker.response(1);
    assert.equal(trailers.get('grpc-status'), String(Code.OK));
    assert.equal(content.subarray(5).toString(), '5000 messages, 0 bytes');
    await arena().survived();
  });
}
