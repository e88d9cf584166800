import assert from 'node:assert/strict';
import type { Contender, RunningClient } from './contender.js';
import { availableContenders } from './index.js';

const PAYLOAD_BYTES = 300_000;

/** Everything that a contender says it can do, once. */
async function tryAll({ can }: Contender, client: RunningClient): Promise<void> {
  assert.ok(await client.unary());
  if (can.has('payload')) assert.equal(await client.payload?.(Buffer.alloc(PAYLOAD_BYTES, 'x')), PAYLOAD_BYTES);
  if (can.has('server-stream')) assert.equal(await client.serverStream?.(500), 500);
  if (!can.has('bidi')) return;
  const stream = client.bidi?.();
  assert.ok(stream);
  for (let round = 0; round < 3; round += 1) await stream.exchange();
  await stream.close();
}

describe('contenders', function () {
  // Some find each other by gossip, and all load their libraries first.
  this.timeout(30_000);

  it('do what they say they can, over several connections and over TLS', async () => {
    for (const contender of await availableContenders()) {
      const sides = await contender.sides();
      const connections = contender.can.has('connections') ? 2 : 1;
      for (const tls of contender.can.has('tls') ? [false, true] : [false]) {
        const setup = { tls, connections, inFlight: 2 };
        const server = await sides.serve(setup);
        const clients: RunningClient[] = [];
        try {
          for (let index = 0; index < connections; index += 1) clients.push(await sides.connect(server.port, setup));
          await Promise.all(clients.map((client) => tryAll(contender, client)));
        } catch (error) {
          throw new Error(`${contender.name}${tls ? ', TLS' : ''}: ${String(error)}`, { cause: error });
        } finally {
          await Promise.all(clients.map((client) => client.close()));
          await server.close();
        }
      }
    }
  });
});
