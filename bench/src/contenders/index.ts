import { breakwater, breakwaterBare, breakwaterPropagating } from './breakwater.js';
import type { Contender } from './contender.js';
import { grpcJs } from './grpc-js.js';
import { niceGrpc } from './nice-grpc.js';

/** All of them, the reference first. */
export const CONTENDERS: readonly Contender[] = [grpcJs, breakwaterBare, breakwater, breakwaterPropagating, niceGrpc];

/** @throws Error for a name that is not there */
export function contenderOf(name: string): Contender {
  const found = CONTENDERS.find((one) => one.name === name);
  if (found === undefined)
    throw new Error(`no contender "${name}"; there are ${CONTENDERS.map((one) => one.name).join('; ')}`);
  return found;
}
