import { REFERENCE } from '../contenders/index.js';
import { LOADS } from '../loads/index.js';
import { type Load, unitOf } from '../loads/load.js';
import type { IdleSample, Measurements } from '../measurements.js';
import type { Slice } from '../pair.js';
import { type Estimate, estimate, median } from '../stats.js';

/** One contender under one load: medians over the slices, and ratios to the reference in the same round. */
export interface LoadRow {
  readonly kind: 'load';
  readonly load: string;
  readonly name: string;
  /** What is counted: call, message or exchange. */
  readonly unit: string;
  readonly slices: number;
  readonly perSecond: number;
  /** Both ways; absent where messages are small. */
  readonly bytesPerSecond?: number;
  readonly clientCpuUs: number;
  readonly serverCpuUs: number;
  /** Of response streams: the time that 2,000 messages take. */
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly clientRssBytes: number;
  readonly serverRssBytes: number;
  /** Garbage collection pauses per slice, and the longest of all slices. */
  readonly clientGcMs: number;
  readonly serverGcMs: number;
  readonly gcMaxMs: number;
  readonly rateRatio: Estimate;
  /** Of both sides together. */
  readonly cpuRatio: Estimate;
  readonly p99Ratio: Estimate;
}

/** What silent connections and streams of one contender weigh, per piece, in bytes. */
export interface IdleRow extends IdleSample {
  readonly kind: 'idle';
  readonly name: string;
  readonly runs: number;
}

export type Row = LoadRow | IdleRow;

export const ratePerSecond = (slice: Slice): number => (slice.units / slice.wallUs) * 1e6;

/** Of both sides, in us per unit. */
export const cpuPerUnit = (slice: Slice): number => (slice.client.cpuUs + slice.server.cpuUs) / slice.units;

/** The rows of everything that was measured, in the order of the loads. */
export function rowsOf(measurements: Measurements): readonly Row[] {
  const rows: Row[] = LOADS.flatMap((load) =>
    measurements.contenders(load.name).map((name) => loadRow(load, name, measurements)),
  );
  for (const [name, samples] of measurements.idle) rows.push(idleRow(name, samples));
  return rows;
}

function loadRow(load: Load, name: string, measurements: Measurements): LoadRow {
  const own = measurements.of(load.name, name);
  const reference = measurements.of(load.name, REFERENCE.name);
  const typical = (pick: (slice: Slice) => number): number => median(own.map(pick));
  const ratio = (pick: (slice: Slice) => number): Estimate =>
    estimate(own.map((slice, round) => pick(slice) / pick(reference[round] ?? slice)));
  const perSecond = typical(ratePerSecond);
  return {
    kind: 'load',
    load: load.name,
    name,
    unit: unitOf(load),
    slices: own.length,
    perSecond,
    ...(load.kind === 'payload' ? { bytesPerSecond: perSecond * load.payloadBytes * 2 } : {}),
    clientCpuUs: typical(({ client, units }) => client.cpuUs / units),
    serverCpuUs: typical(({ server, units }) => server.cpuUs / units),
    p50Us: typical(({ p50Us }) => p50Us),
    p99Us: typical(({ p99Us }) => p99Us),
    p999Us: typical(({ p999Us }) => p999Us),
    clientRssBytes: typical(({ client }) => client.rssBytes),
    serverRssBytes: typical(({ server }) => server.rssBytes),
    clientGcMs: typical(({ client }) => client.gcMs),
    serverGcMs: typical(({ server }) => server.gcMs),
    gcMaxMs: Math.max(...own.map(({ client, server }) => Math.max(client.gcMaxMs, server.gcMaxMs))),
    rateRatio: ratio(ratePerSecond),
    cpuRatio: ratio(cpuPerUnit),
    p99Ratio: ratio(({ p99Us }) => p99Us),
  };
}

function idleRow(name: string, samples: readonly IdleSample[]): IdleRow {
  const typical = (pick: (sample: IdleSample) => number): number => median(samples.map(pick));
  return {
    kind: 'idle',
    name,
    runs: samples.length,
    clientConnectionBytes: typical((sample) => sample.clientConnectionBytes),
    serverConnectionBytes: typical((sample) => sample.serverConnectionBytes),
    clientStreamBytes: typical((sample) => sample.clientStreamBytes),
    serverStreamBytes: typical((sample) => sample.serverStreamBytes),
  };
}
