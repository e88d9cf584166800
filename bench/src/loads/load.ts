import type { Ability, Contender } from '../contenders/contender.js';

/**
 * What a contender does before it is measured: so many units, in at most so much time. By units, since code is compiled
 * after so many calls: by time alone, whoever is slow would be measured cold.
 */
export interface WarmUp {
  readonly units: number;
  readonly limitMs: number;
}

/** How long and how often a load is repeated. */
export interface Effort {
  readonly rounds: number;
  readonly warmUp: WarmUp;
  /** How long one slice goes on; calls in flight then are waited for. */
  readonly sliceMs: number;
}

/** One kind of traffic. */
export interface Load {
  /** As on the command line and in tables. */
  readonly name: string;
  readonly kind: 'unary' | 'payload' | 'server-stream' | 'bidi';
  /** Calls or streams at a time, over all connections. */
  readonly inFlight: number;
  readonly connections: number;
  readonly tls: boolean;
  /** Size of a message each way, of kind `payload`. */
  readonly payloadBytes: number;
  /** What else a contender must be able to do than the kind, TLS and several connections. */
  readonly needs: readonly Ability[];
  readonly effort: Effort;
  /** Under `--quick`; absent: no part of it, unless asked for by name. */
  readonly quick?: Effort;
}

/** What is counted of a load: what "per call" and "per second" mean. */
export const unitOf = ({ kind }: Load): string =>
  kind === 'server-stream' ? 'message' : kind === 'bidi' ? 'exchange' : 'call';

/** Whether a contender can carry a load. */
export function canCarry({ can }: Contender, load: Load): boolean {
  const needed = [load.kind, ...load.needs, ...(load.tls ? ['tls' as const] : [])];
  if (load.connections > 1) needed.push('connections');
  return needed.every((ability) => can.has(ability));
}
