import type { Contender } from './contenders/contender.js';
import { IDLE_LOAD } from './loads/index.js';
import type { IdleSample } from './measurements.js';
import { Pair } from './pair.js';

const CONNECTIONS = 1000;
/** Below the number of streams that servers allow on one connection. */
const STREAM_CONNECTIONS = 5;
const STREAMS_EACH = 1000;

/** Weighs silent connections and silent bidirectional streams, in fresh processes each time. */
export async function measureIdle(contender: Contender, runs: number): Promise<readonly IdleSample[]> {
  const samples: IdleSample[] = [];
  for (let run = 0; run < runs; run += 1) samples.push(await sample(contender));
  return samples;
}

async function sample(contender: Contender): Promise<IdleSample> {
  const pair = await Pair.start(contender, IDLE_LOAD);
  try {
    const before = await pair.footprint();
    await pair.open(CONNECTIONS, 0);
    const connected = await pair.footprint();
    await pair.open(STREAM_CONNECTIONS, STREAMS_EACH);
    const streaming = await pair.footprint();
    const perConnection = (side: 'client' | 'server'): number =>
      (connected[side].rssBytes - before[side].rssBytes) / CONNECTIONS;
    const perStream = (side: 'client' | 'server'): number =>
      (streaming[side].rssBytes - connected[side].rssBytes - STREAM_CONNECTIONS * perConnection(side)) /
      (STREAM_CONNECTIONS * STREAMS_EACH);
    return {
      clientConnectionBytes: perConnection('client'),
      serverConnectionBytes: perConnection('server'),
      clientStreamBytes: perStream('client'),
      serverStreamBytes: perStream('server'),
    };
  } finally {
    await pair.stop();
  }
}
