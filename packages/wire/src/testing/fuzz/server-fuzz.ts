import assert from 'node:assert/strict';
import { settings, settingsAck } from '../frames.js';
import { openSockets } from '../memory.js';
import { PREFACE, type RawPeer } from '../raw-peer.js';
import { until } from '../until.js';
import type { Arena } from '../attacks/arena.js';
import { Chance } from './chance.js';
import { Conversation } from './conversation.js';
import { isWhole, pieces, sequence } from './mutations.js';
import { fifths, runCases } from './workers.js';

/** Sequences on one connection, as long as the server keeps it. */
const PER_CONNECTION = 5;

/** Anything at all from clients: the server ends what is wrong, and goes on. */
export function fuzzServer(arena: () => Arena, cases: number, seed: number): void {
  it(`${cases} sequences of frames, sound and damaged, from clients`, async () => {
    let sent = 0;
    let ended = 0;
    const sockets = openSockets();
    const look = fifths(cases);
    await runCases(
      seed,
      () => sent >= cases,
      async (own) => {
        const chance = new Chance(own);
        const conversation = new Conversation(chance, 'client');
        const peer = await arena().bare();
        if (!chance.once(40)) peer.send(PREFACE, settings(), settingsAck());
        let open = true;
        for (let round = 0; round < PER_CONNECTION && open; round++, sent++)
          open = await exchange(peer, chance, conversation);
        if (!open) ended++;
        peer.reset();
        arena().forget(peer);
        if (look(sent)) arena().bearable();
      },
    );
    assert.ok(ended > 0, 'no sequence was wrong');
    await arena().survived();
    await until(() => openSockets() <= sockets);
  });
}

/** Sends one sequence and has the server's word that it has dealt with it. @returns whether the connection is still open */
async function exchange(peer: RawPeer, chance: Chance, conversation: Conversation): Promise<boolean> {
  const bytes = sequence(chance, conversation);
  for (const piece of pieces(chance, bytes)) if (!(await peer.deliver(piece))) break;
  if (isWhole(bytes)) return peer.answersPing();
  // The server waits for the rest of a frame; the end of the connection has to do instead.
  peer.socket.end();
  await peer.until('the end of the connection', () => peer.ended || undefined);
  return false;
}
