import assert from 'node:assert/strict';
import type { Outcome } from '@breakwater/core';
import type { Connection } from '@breakwater/rpc';
import type { Arena } from '../attacks/arena.js';
import { requestOf, type Stage } from '../bad-servers/stage.js';
import { continuation, data, frame, headers, ping, settings, settingsAck, windowUpdate } from '../frames.js';
import { message, OK_TRAILERS, responseFields } from '../grpc-bytes.js';
import { literals } from '../literals.js';
import { ECHO } from '../methods.js';
import { TYPE } from '../numbers.js';
import type { RawPeer } from '../raw-peer.js';
import { converseByNode, record } from './recording.js';
import { runCases } from './workers.js';

/** Streams of the conversations here. */
const STREAMS = [1, 3, 5] as const;
/** Where to cut: once everywhere, and after every byte. */
type Cut = number | 'every byte';

const cutsOf = (bytes: Buffer): readonly Cut[] => [
  ...Array.from({ length: bytes.length - 1 }, (_, index) => index + 1),
  'every byte',
];

async function deliver(peer: RawPeer, bytes: Buffer, cut: Cut): Promise<void> {
  if (cut === 'every byte') {
    for (const byte of bytes) await peer.deliver(Buffer.from([byte]));
    return;
  }
  await peer.deliver(bytes.subarray(0, cut));
  await peer.deliver(bytes.subarray(cut));
}

/** Wherever TCP cuts what comes, the same is understood. */
export function describeSplits(arena: () => Arena, stage: () => Stage): void {
  it('what a client says, cut at every byte', async () => {
    const { fromClient } = await record(arena().port, converseByNode);
    const understood = async (cut: Cut): Promise<unknown> => {
      const peer = await arena().bare();
      await deliver(peer, fromClient, cut);
      const answers = [];
      for (const stream of STREAMS) {
        const { headers: head, content, trailers, reset } = await peer.response(stream);
        answers.push([[...head], content.toString(), [...trailers], reset]);
      }
      peer.reset();
      arena().forget(peer);
      return answers;
    };
    const expected = await understood(fromClient.length);
    assert.match(JSON.stringify(expected), /one.*two.*three/);
    const cuts = cutsOf(fromClient);
    await runCases(
      0,
      (started) => started >= cuts.length,
      async (index) => {
        const cut = cuts[index] ?? 1;
        assert.deepEqual(await understood(cut), expected, `cut at ${cut} of ${fromClient.length}`);
      },
    );
    await arena().survived();
  });

  /** The calls that go with a recording, and how they end. */
  const call = async (connection: Connection): Promise<readonly Outcome[]> =>
    Promise.all(STREAMS.map(() => stage().call(connection, ECHO)));

  /** What a client makes of `responses`, cut in all ways, when it has sent its three requests. */
  const everyCut = async (greeting: Buffer, responses: Buffer): Promise<void> => {
    const understood = async (cut: Cut): Promise<unknown> => {
      const server = await stage().listen(async (peer) => {
        peer.send(greeting);
        for (const _ of STREAMS) await requestOf(peer);
        await deliver(peer, responses, cut);
      });
      const connection = await stage().connect(server.port);
      const outcomes = await call(connection);
      connection.close();
      await server.close();
      stage().forget(connection);
      stage().forget(server);
      return outcomes.map((outcome) =>
        outcome.ok
          ? [String(Buffer.from(outcome.value as Uint8Array)), [...outcome.headers], [...outcome.trailers]]
          : [outcome.status.code, outcome.status.details],
      );
    };
    const expected = await understood(responses.length);
    assert.match(JSON.stringify(expected), /one.*two.*three/);
    const cuts = cutsOf(responses);
    await runCases(
      0,
      (started) => started >= cuts.length,
      async (index) => {
        const cut = cuts[index] ?? 1;
        assert.deepEqual(await understood(cut), expected, `cut at ${cut} of ${responses.length}`);
      },
    );
  };

  it('what a server says, cut at every byte', async () => {
    const { fromServer } = await record(arena().port, converseByNode);
    const at = firstHeaders(fromServer);
    await everyCut(fromServer.subarray(0, at), fromServer.subarray(at));
  });

  it('unusual responses, cut at every byte', async () => {
    await everyCut(Buffer.concat([settings(), settingsAck()]), unusual());
  });

  it('the first words of a server, cut at every byte', async () => {
    const greeting = Buffer.concat([
      settings(['MAX_CONCURRENT_STREAMS', 10], ['INITIAL_WINDOW_SIZE', 70_000]),
      settingsAck(),
    ]);
    for (const cut of cutsOf(greeting)) {
      const server = await stage().listen(async (peer) => {
        await deliver(peer, greeting, cut);
        for (const _ of STREAMS) await requestOf(peer);
        peer.send(unusual());
      });
      const connection = await stage().connect(server.port);
      for (const outcome of await call(connection)) assert.ok(outcome.ok, `cut at ${cut}: ${JSON.stringify(outcome)}`);
      connection.close();
    }
  });
}

/** Where the first response begins. */
function firstHeaders(bytes: Buffer): number {
  let at = 0;
  while (at + 9 <= bytes.length && bytes[at + 3] !== TYPE.HEADERS) at += 9 + bytes.readUIntBE(at, 3);
  return at;
}

/** Everything that may stand between and around three interleaved responses. */
function unusual(): Buffer {
  const head = literals(responseFields([['x-head', 'h']]));
  const end = literals([...OK_TRAILERS, ['x-end', 'e']]);
  const two = message('two');
  return Buffer.concat([
    headers(1, literals([[':status', '103']])),
    headers(1, head.subarray(0, 7), { endHeaders: false, padding: 3 }),
    continuation(1, head.subarray(7, 9), false),
    continuation(1, Buffer.alloc(0), false),
    continuation(1, head.subarray(9)),
    ping(Buffer.from('in the m')),
    headers(3, head, { priority: { dependsOn: 0 } }),
    data(3, two.subarray(0, 3), { padding: 9 }),
    headers(5, head),
    windowUpdate(0, 1000),
    data(1, message('one')),
    frame({ type: 0xee, stream: 5, payload: Buffer.from('unknown') }),
    data(3, two.subarray(3)),
    data(5, message('three'), { padding: 0 }),
    settings(['INITIAL_WINDOW_SIZE', 80_000]),
    headers(5, end, { endStream: true, padding: 20 }),
    headers(1, end.subarray(0, 4), { endStream: true, endHeaders: false }),
    continuation(1, end.subarray(4)),
    data(3),
    headers(3, end, { endStream: true }),
  ]);
}
