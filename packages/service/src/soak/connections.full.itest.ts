import assert from 'node:assert/strict';
import type { Cycles } from './connections-client.full.itest.js';
import type { Ports } from './connections-server.full.itest.js';
import { type Child, endForcibly, growth, megabytes, startChild } from './child.full.itest.js';
import type { Ending, Sample } from './in-child.full.itest.js';

const ROUNDS = 50;
const WARM_UP_ROUNDS = 10;
/** Of each round. One in ten has TLS. */
const CYCLES: readonly Cycles[] = [
  { how: 'closed by the client', count: 600 },
  { how: 'closed by the client, with TLS', count: 200 },
  { how: 'drained by the client', count: 200 },
  { how: 'reset, half-open or broken by the client', count: 400 },
  { how: 'reset, closed or broken by the server', count: 200 },
];
/** Connections that a listener has when it ends, and how often that happens in each round. */
const HELD = 50;
const ENDS = [
  { how: 'close', times: 4 },
  { how: 'drain', times: 4 },
] as const;
const GROWTH_LIMIT_BYTES = 2e6;
/** Longer than an impatient server bears with peers that do not close their side. */
const SETTLING_MS = 250;
const MOST_LOOKS = 20;

const IDLE_STEPS = 5;

const SIDES = ['client', 'server'] as const;
type Samples = Readonly<Record<(typeof SIDES)[number], Sample>>;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('connections over wire', function () {
  this.timeout(2 * 3_600_000);
  let server: Child;
  let client: Child;
  let ports: Ports;
  beforeEach(async () => {
    [server, client] = await Promise.all([startChild('connections-server'), startChild('connections-client')]);
    ports = await server.ask<Ports>('open');
    await client.ask('open', ports);
  });
  afterEach(() => {
    endForcibly(server);
    endForcibly(client);
  });

  const samples = async (): Promise<Samples> => {
    await pause(SETTLING_MS);
    const [ofClient, ofServer] = await Promise.all([client.ask<Sample>('sample'), server.ask<Sample>('sample')]);
    return { client: ofClient, server: ofServer };
  };

  /** Samples again until both sides have let go of what came after `before`; as they are in the end if they do not. */
  const samplesAfter = async (before: Samples): Promise<Samples> => {
    let now = await samples();
    for (let look = 1; look < MOST_LOOKS; look++) {
      if (SIDES.every((side) => now[side].open.length <= before[side].open.length)) break;
      now = await samples();
    }
    return now;
  };

  const endBoth = async (): Promise<void> => {
    await client.ask('release');
    await server.ask('close');
    for (const child of [client, server]) {
      assert.deepEqual(await child.ask<Ending>('ending'), { left: [], warnings: [] });
      assert.equal(await child.ended(), 0);
    }
  };

  /** A server that ends with clients connected to it, who are told. */
  const endServer = async (how: 'close' | 'drain'): Promise<void> => {
    const port = await server.ask<number>('openBriefly');
    await client.ask('hold', { port, count: HELD });
    await server.ask('endBriefly', how);
    assert.equal(await client.ask('lost'), HELD);
    await client.ask('release');
  };

  it('a hundred thousand that come and go in every way leave nothing behind on either side', async () => {
    const heaps = { client: [] as number[], server: [] as number[] };
    const open = { client: [] as number[], server: [] as number[] };
    const before = await samples();
    const startedAt = performance.now();
    for (let round = 0; round < ROUNDS; round++) {
      for (const cycles of CYCLES) await client.ask('cycles', cycles);
      for (const { how, times } of ENDS) for (let time = 0; time < times; time++) await endServer(how);
      const now = await samplesAfter(before);
      if (round < WARM_UP_ROUNDS) continue;
      for (const side of SIDES) {
        heaps[side].push(now[side].heapBytes);
        open[side].push(now[side].open.length);
      }
    }
    const perRound =
      CYCLES.reduce((sum, { count }) => sum + count, 0) + HELD * ENDS.reduce((sum, { times }) => sum + times, 0);
    const seconds = (performance.now() - startedAt) / 1000;
    process.stdout.write(`    ${perRound * ROUNDS} connections in ${seconds.toFixed(0)} s\n`);
    for (const side of SIDES) {
      const { thirds, slope } = growth(heaps[side]);
      const text = `${side} heap: ${megabytes(heaps[side][0] ?? 0)} -> ${megabytes(heaps[side].at(-1) ?? 0)}, thirds ${megabytes(thirds)}, slope ${(slope / perRound).toFixed(2)} bytes per connection`;
      process.stdout.write(`    ${text}\n`);
      assert.ok(thirds < GROWTH_LIMIT_BYTES, `${text}: ${heaps[side].map(megabytes).join(', ')}`);
      assert.equal(new Set(open[side]).size, 1, `${side}: things open after each round: ${open[side].join(', ')}`);
    }
    await endBoth();
  });

  for (const { what, tls, perStep, limitBytes } of [
    { what: 'plain', tls: false, perStep: 1000, limitBytes: { heap: 24_000, rss: 48_000 } },
    { what: 'TLS', tls: true, perStep: 300, limitBytes: { heap: 64_000, rss: 160_000 } },
  ]) {
    it(`thousands that are open and idle cost a few kilobytes each: ${what}`, async () => {
      const hold = (): Promise<unknown> =>
        client.ask('hold', { port: tls ? ports.tls : ports.plain, count: perStep, tls });
      // Once in vain, until code and pools are warm.
      const cold = await samples();
      await hold();
      await client.ask('release');
      await samplesAfter(cold);
      const before = await samples();
      const series = [before];
      for (let step = 0; step < IDLE_STEPS; step++) {
        await hold();
        series.push(await samples());
      }
      for (const side of SIDES) {
        const per = (of: (sample: Sample) => number): number =>
          growth(series.map((step) => of(step[side]))).slope / perStep;
        const [heap, rss] = [per(({ heapBytes }) => heapBytes), per(({ rssBytes }) => rssBytes)];
        const text = `${side}: ${heap.toFixed(0)} bytes of heap and ${rss.toFixed(0)} of RSS per idle connection`;
        process.stdout.write(`    ${text}\n`);
        assert.ok(heap < limitBytes.heap && rss < limitBytes.rss, text);
      }
      await client.ask('release');
      await samplesAfter(before);
      const after = await samples();
      for (const side of SIDES) {
        const left = after[side].heapBytes - before[side].heapBytes;
        assert.ok(left < GROWTH_LIMIT_BYTES, `${side}: ${megabytes(left)} are left of the idle connections`);
        assert.equal(after[side].open.length, before[side].open.length);
      }
      await endBoth();
    });
  }
});
