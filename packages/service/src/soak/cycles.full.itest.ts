import assert from 'node:assert/strict';
import { type Child, endForcibly, growth, megabytes, startChild } from './child.full.itest.js';
import type { Ending, Sample } from './in-child.full.itest.js';

const ROUNDS = 26;
const WARM_UP_ROUNDS = 5;
const GROWTH_LIMIT_BYTES = 2e6;

describe('clients, services and watches that come and go', function () {
  this.timeout(15 * 60_000);
  let child: Child | undefined;
  afterEach(() => endForcibly(child));

  for (const { what, perRound } of [
    { what: 'shared', perRound: 100 },
    { what: 'unshared', perRound: 60 },
    { what: 'watches', perRound: 60 },
    { what: 'services', perRound: 14 },
  ]) {
    it(`leave nothing behind after ${perRound * ROUNDS} cycles: ${what}`, async () => {
      child = await startChild('cycles-process');
      await child.ask('open');
      const heaps: number[] = [];
      const open: number[] = [];
      const startedAt = performance.now();
      for (let round = 0; round < ROUNDS; round++) {
        await child.ask(what, perRound);
        const sample: Sample = await child.ask<Sample>('sample');
        if (round < WARM_UP_ROUNDS) continue;
        heaps.push(sample.heapBytes);
        open.push(sample.open.length);
      }
      const { thirds, slope } = growth(heaps);
      const text = `${perRound * ROUNDS} cycles in ${((performance.now() - startedAt) / 1000).toFixed(0)} s, heap ${megabytes(heaps[0] ?? 0)} -> ${megabytes(heaps.at(-1) ?? 0)}, thirds ${megabytes(thirds)}, slope ${(slope / perRound).toFixed(0)} bytes per cycle`;
      process.stdout.write(`    ${text}\n`);
      assert.ok(thirds < GROWTH_LIMIT_BYTES, `${text}: ${heaps.map(megabytes).join(', ')}`);
      const { thirds: more } = growth(open);
      assert.ok(more < 3, `open things per round: ${open.join(', ')}`);

      await child.ask('close');
      assert.deepEqual(await child.ask<Ending>('ending'), { left: [], warnings: [] });
      assert.equal(await child.ended(), 0);
    });
  }
});
