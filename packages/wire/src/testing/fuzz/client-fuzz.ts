import assert from 'node:assert/strict';
import { Metadata, type Outcome } from '@breakwater/core';
import { settings, settingsAck } from '../frames.js';
import { Cost, openSockets } from '../memory.js';
import { ECHO, MANY, TALK } from '../methods.js';
import { valueOf } from '../raw-peer.js';
import { until } from '../until.js';
import type { Script } from '../raw-server.js';
import type { Stage } from '../bad-servers/stage.js';
import { Chance } from './chance.js';
import { Conversation } from './conversation.js';
import { pieces, sequence } from './mutations.js';
import { fifths, runCases } from './workers.js';

/** Tells the server which sequence to play. */
const SEED = 'x-seed';
const BEARABLE_BYTES = 48 * 1024 * 1024;

/** Anything at all from servers: every call ends, with its answer or with a status that says something. */
export function fuzzClient(stage: () => Stage, cases: number, seed: number): void {
  it(`${cases} sequences of frames, sound and damaged, from servers`, async () => {
    const cost = new Cost();
    let good = 0;
    const sockets = openSockets();
    const look = fifths(cases);
    const play: Script = async (peer) => {
      peer.send(settings(), settingsAck());
      const { fields } = await peer.nextFrame('HEADERS');
      for (let calls = 1; calls < 3; calls++) await peer.nextFrame('HEADERS');
      const chance = new Chance(Number(valueOf(fields, SEED)));
      const conversation = new Conversation(chance, 'server', [1, 3, 5]);
      for (let rounds = 1 + chance.below(3); rounds > 0; rounds--)
        for (const piece of pieces(chance, sequence(chance, conversation))) await peer.deliver(piece);
      if (chance.once(2)) peer.close();
      else peer.socket.end();
    };
    const server = await stage().listen(play);
    await runCases(
      seed,
      (started) => started >= cases,
      async (own, index) => {
        const connection = stage().dial(server.port);
        await stage().reached(connection, 'ready');
        const taking = { headers: () => {}, message: (): true => true };
        const outcomes = await Promise.all([
          stage().call(connection, ECHO, { metadata: Metadata.of({ [SEED]: String(own) }) }),
          stage().call(connection, MANY, { responses: taking }),
          stage().call(connection, TALK, { request: undefined, requests: one(), responses: taking }),
        ]);
        for (const outcome of outcomes) good += judge(outcome);
        connection.close();
        stage().forget(connection);
        server.forget();
        if (look(index)) assert.ok(cost.heldBytes < BEARABLE_BYTES, `${cost.heldBytes} bytes are held`);
      },
    );
    assert.ok(good > 0, 'no call was ever answered');
    // The server that listens is one of them.
    await until(() => openSockets() <= sockets + 1);
    assert.ok(cost.heldBytes < BEARABLE_BYTES, `${cost.heldBytes} bytes are held`);
  });
}

async function* one(): AsyncGenerator<string> {
  yield 'hello';
}

/** @returns 1 for an answer */
function judge(outcome: Outcome): number {
  if (outcome.ok) return 1;
  const { code, details, origin } = outcome.status;
  assert.ok(code > 0 && code <= 16, `code ${code}`);
  assert.equal(origin, 'remote', details);
  assert.equal(typeof details, 'string');
  return 0;
}
