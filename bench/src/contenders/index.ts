import type { Contender } from './contender.js';
import { besideGrpcJs, onTransport } from './ours.js';
import { LIMITS, PEERS, REFERENCE } from './peers.js';

/**
 * All of them, the reference first. Contenders on a transport that its package does not export yet are named here, but
 * not available.
 */
export const CONTENDERS: readonly Contender[] = [
  REFERENCE,
  ...onTransport('grpc-js'),
  ...onTransport('wire'),
  ...besideGrpcJs('wire'),
  ...PEERS,
  ...LIMITS,
];

/** Those that can be measured in this checkout. */
export async function availableContenders(): Promise<readonly Contender[]> {
  const found = await Promise.all(
    CONTENDERS.map(async (one) => ((await one.available?.()) === false ? undefined : one)),
  );
  return found.filter((one) => one !== undefined);
}

/** @throws Error for a name that is not there */
export function contenderOf(name: string): Contender {
  const found = CONTENDERS.find((one) => one.name === name);
  if (found === undefined)
    throw new Error(`no contender "${name}"; there are ${CONTENDERS.map((one) => one.name).join('; ')}`);
  return found;
}

export { REFERENCE };
