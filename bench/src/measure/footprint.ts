import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Footprint } from '../protocol.js';

/** Time for what was closed or freed to get back to the system. */
const SETTLE_MS = 300;

/** The collector, without having to start the process with a flag. */
export function exposedGc(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

/** What this process holds once its garbage is gone. */
export async function footprint(): Promise<Footprint> {
  const gc = exposedGc();
  for (let pass = 0; pass < 3; pass += 1) {
    gc();
    await setTimeout(SETTLE_MS);
  }
  return { rssBytes: process.memoryUsage.rss() };
}
