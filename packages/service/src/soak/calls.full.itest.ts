import assert from 'node:assert/strict';
import type { Round } from './calls-client.full.itest.js';
import { type Child, endForcibly, growth, megabytes, startChild } from './child.full.itest.js';
import type { Ending, Sample } from './in-child.full.itest.js';

/** The first fifth is warm-up: until code is optimized, pools are filled and windows have turned over. */
const LOADS = [
  { transport: 'wire', rounds: 50, callsPerRound: 100_000, limitMs: 2 * 3_600_000 },
  { transport: 'grpc-js', rounds: 34, callsPerRound: 10_000, limitMs: 20 * 60_000 },
] as const;
const GROWTH_LIMIT_BYTES = 2e6;

describe('calls of every kind between a client and a service with default stacks', () => {
  let server: Child | undefined;
  let client: Child | undefined;
  afterEach(() => {
    endForcibly(server);
    endForcibly(client);
  });

  for (const { transport, rounds, callsPerRound, limitMs } of LOADS) {
    it(`leave neither process larger, nor anything open: ${rounds * callsPerRound} over ${transport}`, async function () {
      this.timeout(limitMs);
      [server, client] = await Promise.all([
        startChild('calls-server', [transport]),
        startChild('calls-client', [transport]),
      ]);
      await client.ask('connect', await server.ask<number>('start'));
      const heaps = { client: [] as number[], server: [] as number[] };
      const open = { client: [] as number[], server: [] as number[] };
      const made: Record<string, number> = {};
      const startedAt = performance.now();
      for (let round = 0; round < rounds; round++) {
        const result: Round = await client.ask<Round>('round', callsPerRound);
        assert.deepEqual(result.surprises, []);
        for (const [kind, count] of Object.entries(result.made)) made[kind] = (made[kind] ?? 0) + count;
        const samples = await Promise.all([client.ask<Sample>('sample'), server.ask<Sample>('sample')]);
        if (round < rounds / 5) continue;
        for (const [index, side] of (['client', 'server'] as const).entries()) {
          heaps[side].push(samples[index]?.heapBytes ?? 0);
          open[side].push(samples[index]?.open.length ?? 0);
        }
      }
      const seconds = (performance.now() - startedAt) / 1000;
      const unary = (made['unary'] ?? 0) + (made['retried'] ?? 0) + (made['error'] ?? 0);
      assert.ok(unary >= 0.88 * rounds * callsPerRound, `${unary} unary calls`);
      process.stdout.write(
        `    ${Object.values(made).reduce((sum, count) => sum + count)} calls (${unary} plain unary) in ${seconds.toFixed(0)} s\n`,
      );
      for (const side of ['client', 'server'] as const) {
        const { thirds, slope } = growth(heaps[side]);
        const text = `${side} heap: ${megabytes(heaps[side][0] ?? 0)} -> ${megabytes(heaps[side].at(-1) ?? 0)}, thirds ${megabytes(thirds)}, slope ${(slope / callsPerRound).toFixed(2)} bytes per call`;
        process.stdout.write(`    ${text}\n`);
        assert.ok(thirds < GROWTH_LIMIT_BYTES, `${text}: ${heaps[side].map(megabytes).join(', ')}`);
        const [first = 0, last = 0] = [open[side][0], open[side].at(-1)];
        assert.ok(last <= first + 2, `${side}: ${first} things open at first, ${last} at last`);
      }
      assert.ok((await server.ask<number>('cancelled')) > 0, 'no handler heard of a cancellation');

      await client.ask('close');
      assert.equal(await server.ask('stop'), false, 'the service had to be ended by force');
      for (const child of [client, server]) {
        const ending = await child.ask<Ending>('ending');
        assert.deepEqual(ending, { left: [], warnings: [] });
        assert.equal(await child.ended(), 0);
      }
    });
  }
});
