import type { Effort, Load } from './load.js';

/** Rounds in turn with the others that are thrown away, so that the first one counted finds everybody as the last. */
export const SETTLING_ROUNDS = 2;

const WARM_UP_LIMIT_MS = 6000;

const effort = (rounds: number, sliceMs: number, warmUpUnits: number): Effort => ({
  rounds,
  warmUp: { units: warmUpUnits, limitMs: WARM_UP_LIMIT_MS },
  sliceMs,
});

/** A coarse answer: enough rounds for a median, and code that has been compiled. */
const quickEffort = (sliceMs: number, warmUpUnits: number): Effort => ({
  rounds: 3,
  warmUp: { units: warmUpUnits, limitMs: 600 },
  sliceMs,
});

export const QUICK_EFFORT = quickEffort(200, 2000);

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
  load('unary c=1', { kind: 'unary', inFlight: 1, effort: effort(16, 200, 4000), quick: quickEffort(100, 500) }),
  load('unary c=16', { kind: 'unary', inFlight: 16, effort: effort(10, 250, 10_000) }),
  load(MAIN_LOAD, { kind: 'unary', inFlight: 64, effort: effort(24, 350, 10_000), quick: QUICK_EFFORT }),
  load('unary c=256', { kind: 'unary', inFlight: 256, effort: effort(16, 350, 10_000) }),
  load('unary TLS c=64', { kind: 'unary', inFlight: 64, tls: true, effort: effort(16, 300, 10_000) }),
  load('unary 16 connections x 4', { kind: 'unary', inFlight: 64, connections: 16, effort: effort(16, 300, 10_000) }),
  load('unary 1000 connections x 1', {
    kind: 'unary',
    inFlight: 1000,
    connections: 1000,
    needs: ['crowd'],
    effort: effort(8, 800, 10_000),
  }),
  load('server stream x4', { kind: 'server-stream', inFlight: 4, effort: effort(16, 300, 100_000) }),
  load('bidi ping-pong x16', { kind: 'bidi', inFlight: 16, effort: effort(12, 250, 20_000) }),
  load('payload 1 KB c=64', { kind: 'payload', inFlight: 64, payloadBytes: 1024, effort: effort(10, 300, 10_000) }),
  load('payload 100 KB c=16', {
    kind: 'payload',
    inFlight: 16,
    payloadBytes: 100 * 1024,
    effort: effort(10, 400, 1000),
  }),
  load('payload 1 MB c=4', { kind: 'payload', inFlight: 4, payloadBytes: 1024 * 1024, effort: effort(12, 500, 100) }),
];

/** Connections and streams that are open and silent: no traffic, memory is all that is measured. */
export const IDLE_LOAD = load('idle', { kind: 'bidi', inFlight: 0, needs: ['idle'], effort: effort(3, 0, 0) });

/** @throws Error for a name that is not there */
export function loadOf(name: string): Load {
  const found = [...LOADS, IDLE_LOAD].find((one) => one.name === name);
  if (found === undefined) throw new Error(`no load "${name}"; there are ${LOADS.map((one) => one.name).join('; ')}`);
  return found;
}
