import type { IdleSample, Measurements } from '../measurements.js';
import type { Slice } from '../pair.js';
import { type Estimate, estimate } from '../stats.js';
import { cpuPerUnit, ratePerSecond } from './row.js';

/** A promise the project makes about itself, and whether this run kept it. */
export interface Target {
  readonly name: string;
  /** `null`: nothing was measured that would tell, so it is not kept. */
  readonly value: number | null;
  readonly target: number;
  readonly better: 'higher' | 'lower';
  readonly ok: boolean;
}

/** A target with the certainty of its value. */
export interface Judged {
  readonly target: Target;
  readonly interval: Estimate | undefined;
}

/** What is promised of any run. */
interface Pledge {
  readonly name: string;
  readonly bound: number;
  readonly better: 'higher' | 'lower';
  readonly value: (measurements: Measurements) => Estimate | undefined;
}

/** Names of contenders and loads that targets speak of; a test compares them with those that there are. */
export const SPOKEN_OF = {
  reference: 'grpc-js + ts-proto',
  onGrpcJs: 'breakwater on grpc-js, default stacks',
  bare: 'breakwater on wire, no policies',
  full: 'breakwater on wire, default stacks',
  clientOnly: 'breakwater client on wire -> grpc-js server',
  generatedStub: 'generated grpc-js client over grpcChannel -> breakwater server on wire',
  moleculer: 'moleculer TCP, JSON, breaker + bulkhead + retry',
  fastify: 'fastify + undici, JSON',
  limit: 'bare socket, same codec',
} as const;

const { reference, onGrpcJs, bare, full, clientOnly, generatedStub, moleculer, fastify, limit } = SPOKEN_OF;

const C64 = 'unary c=64';

/** Compares two contenders round by round. */
function between(
  load: string,
  ours: string,
  theirs: string,
  compare: (ours: Slice, theirs: Slice) => number,
): (measurements: Measurements) => Estimate | undefined {
  return (measurements) => {
    const others = measurements.of(load, theirs);
    const values = measurements.of(load, ours).flatMap((slice, round) => {
      const other = others[round];
      return other === undefined ? [] : [compare(slice, other)];
    });
    return values.length === 0 ? undefined : estimate(values);
  };
}

const ratioOf =
  (pick: (slice: Slice) => number) =>
  (ours: Slice, theirs: Slice): number =>
    pick(ours) / pick(theirs);

const atLeast = (bound: number, what: string, load: string, ours: string, theirs: string): Pledge => ({
  name: `${what}, ${load}: ${ours} / ${theirs}`,
  bound,
  better: 'higher',
  value: between(load, ours, theirs, ratioOf(ratePerSecond)),
});

const cpuAtMost = (bound: number, load: string, ours: string, theirs: string): Pledge => ({
  name: `CPU per call, client + server, ${load}: ${ours} / ${theirs}`,
  bound,
  better: 'lower',
  value: between(load, ours, theirs, ratioOf(cpuPerUnit)),
});

/** Client and server together. Runs are independent, so any pairing of them will do. */
const idleAtMost = (bound: number, what: string, pick: (sample: IdleSample) => number): Pledge => ({
  name: `RSS per ${what}, client + server: ${full} / ${reference}`,
  bound,
  better: 'lower',
  value: ({ idle }) => {
    const others = idle.get(reference) ?? [];
    const values = (idle.get(full) ?? []).flatMap((sample, run) => {
      const other = others[run];
      return other === undefined ? [] : [pick(sample) / pick(other)];
    });
    return values.length === 0 ? undefined : estimate(values);
  },
});

const PLEDGES: readonly Pledge[] = [
  atLeast(17, 'calls/s', C64, bare, reference),
  atLeast(13, 'calls/s', C64, full, reference),
  atLeast(2, 'calls/s', C64, full, moleculer),
  atLeast(3, 'calls/s', C64, full, fastify),
  atLeast(3, 'calls/s', 'unary c=1', full, reference),
  atLeast(9, 'calls/s', 'unary 16 connections x 4', full, reference),
  atLeast(12, 'calls/s', 'unary TLS c=64', full, reference),
  {
    name: `CPU us/call of all policies, client + server, ${C64}: ${full} - ${bare}`,
    bound: 2,
    better: 'lower',
    value: between(C64, full, bare, (ours, theirs) => cpuPerUnit(ours) - cpuPerUnit(theirs)),
  },
  {
    name: `p99, unary c=256: ${full} / ${reference}`,
    bound: 1 / 8,
    better: 'lower',
    value: between(
      'unary c=256',
      full,
      reference,
      ratioOf(({ p99Us }) => p99Us),
    ),
  },
  atLeast(7, 'messages/s', 'server stream x4', full, reference),
  atLeast(1.5, 'bytes/s', 'payload 1 MB c=4', full, reference),
  cpuAtMost(1.6, C64, bare, limit),
  cpuAtMost(2.5, C64, full, limit),
  atLeast(2.5, 'calls/s', C64, clientOnly, reference),
  atLeast(5, 'calls/s', C64, generatedStub, reference),
  idleAtMost(
    1 / 3,
    'idle connection',
    ({ clientConnectionBytes, serverConnectionBytes }) => clientConnectionBytes + serverConnectionBytes,
  ),
  idleAtMost(1 / 3, 'open stream', ({ clientStreamBytes, serverStreamBytes }) => clientStreamBytes + serverStreamBytes),
  cpuAtMost(1.07, C64, onGrpcJs, reference),
];

/**
 * Every promise, kept or not.
 * @param partial leave out those that the selected rows say nothing about, instead of calling them missed
 */
export function judge(measurements: Measurements, partial = false): readonly Judged[] {
  return PLEDGES.flatMap(({ name, bound, better, value }): readonly Judged[] => {
    const interval = value(measurements);
    if (interval === undefined)
      return partial ? [] : [{ target: { name, value: null, target: bound, better, ok: false }, interval }];
    const ok = better === 'higher' ? interval.median >= bound : interval.median <= bound;
    return [{ target: { name, value: interval.median, target: bound, better, ok }, interval }];
  });
}
