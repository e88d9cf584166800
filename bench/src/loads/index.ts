import type { Effort, Load } from './load.js';

const effort = (rounds: number, sliceMs: number): Effort => ({
  rounds,
  warmUpRounds: Math.max(4, Math.round(rounds / 8)),
  sliceMs,
});

/** A coarse answer: enough rounds for a median, and enough to have the code compiled. */
export const QUICK_EFFORT: Effort = { rounds: 3, warmUpRounds: 2, sliceMs: 200 };

const load = (name: string, parts: Partial<Load> & Pick<Load, 'kind' | 'inFlight' | 'effort'>): Load => ({
  name,
  connections: 1,
  tls: false,
  payloadBytes: 0,
  needs: [],
  ...parts,
});

/** The load that most targets speak of. */
export const MAIN_LOAD = 'unary c=64';

/**
 * All loads, in the order of the report. Closed loop: a worker per call in flight starts the next one when its last has
 * ended. One connection unless said otherwise, which favours those who batch: hence c=1, and many connections with few
 * calls each.
 */
export const LOADS: readonly Load[] = [
  load('unary c=1', {
    kind: 'unary',
    inFlight: 1,
    effort: effort(16, 200),
    quick: { rounds: 3, warmUpRounds: 1, sliceMs: 100 },
  }),
  load('unary c=16', { kind: 'unary', inFlight: 16, effort: effort(10, 250) }),
  load(MAIN_LOAD, { kind: 'unary', inFlight: 64, effort: effort(24, 350), quick: QUICK_EFFORT }),
  load('unary c=256', { kind: 'unary', inFlight: 256, effort: effort(16, 350) }),
  load('unary TLS c=64', { kind: 'unary', inFlight: 64, tls: true, effort: effort(16, 300) }),
  load('unary 16 connections x 4', { kind: 'unary', inFlight: 64, connections: 16, effort: effort(16, 300) }),
  load('unary 1000 connections x 1', {
    kind: 'unary',
    inFlight: 1000,
    connections: 1000,
    needs: ['crowd'],
    effort: effort(8, 800),
  }),
  load('server stream x4', { kind: 'server-stream', inFlight: 4, effort: effort(16, 300) }),
  load('bidi ping-pong x16', { kind: 'bidi', inFlight: 16, effort: effort(12, 250) }),
  load('payload 1 KB c=64', { kind: 'payload', inFlight: 64, payloadBytes: 1024, effort: effort(10, 300) }),
  load('payload 100 KB c=16', { kind: 'payload', inFlight: 16, payloadBytes: 100 * 1024, effort: effort(10, 400) }),
  load('payload 1 MB c=4', { kind: 'payload', inFlight: 4, payloadBytes: 1024 * 1024, effort: effort(12, 500) }),
];

/** Connections and streams that are open and silent: no traffic, memory is all that is measured. */
export const IDLE_LOAD = load('idle', { kind: 'bidi', inFlight: 0, needs: ['idle'], effort: effort(3, 0) });

/** @throws Error for a name that is not there */
export function loadOf(name: string): Load {
  const found = [...LOADS, IDLE_LOAD].find((one) => one.name === name);
  if (found === undefined) throw new Error(`no load "${name}"; there are ${LOADS.map((one) => one.name).join('; ')}`);
  return found;
}
