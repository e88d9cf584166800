import { cpus } from 'node:os';
import { CONTENDERS } from './contenders/index.js';
import { breakwater } from './contenders/breakwater.js';
import type { Row } from './run.js';

/** A promise the project makes about itself, and whether this run kept it. */
export interface Target {
  readonly name: string;
  readonly value: number;
  readonly target: number;
  readonly better: 'higher' | 'lower';
  readonly ok: boolean;
}

/** The complete default stacks on grpc-js cost at most 7 % more CPU per call than plain grpc-js. */
const CPU_CEILING = 1.07;
const JUDGED_CONCURRENCY = 64;

export function targetsOf(rows: readonly Row[]): readonly Target[] {
  const judged = rows.find((row) => row.name === breakwater.name && row.concurrency === JUDGED_CONCURRENCY);
  if (judged === undefined) return [];
  const value = round(judged.cpuRatio.median, 3);
  return [
    {
      name: `CPU per call with the default stacks, client + server, vs plain grpc-js (c=${JUDGED_CONCURRENCY}, ${judged.slices} paired slices)`,
      value,
      target: CPU_CEILING,
      better: 'lower',
      ok: value <= CPU_CEILING,
    },
  ];
}

export const versions = (): Readonly<Record<string, string>> =>
  Object.assign(
    { node: process.version, machine: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}` },
    ...CONTENDERS.map((one) => one.versions),
  );

/** The table, as Markdown. */
export function table(rows: readonly Row[]): string {
  const lines = [
    '| contender | concurrency | CPU us/call client + server | CPU vs grpc-js [95 % CI] | calls/s | calls/s vs grpc-js | p50 us | p99 us |',
    '|---|--:|--:|--:|--:|--:|--:|--:|',
  ];
  for (const row of rows) {
    const { cpuRatio, rateRatio } = row;
    lines.push(
      `| ${row.name} | ${row.concurrency} | ${row.clientCpuUs.toFixed(1)} + ${row.serverCpuUs.toFixed(1)} | ` +
        `${cpuRatio.median.toFixed(3)} [${cpuRatio.low.toFixed(3)}, ${cpuRatio.high.toFixed(3)}] | ${Math.round(row.callsPerSecond)} | ` +
        `${rateRatio.median.toFixed(2)} | ${Math.round(row.p50Us)} | ${Math.round(row.p99Us)} |`,
    );
  }
  return lines.join('\n');
}

export const jsonLine = (rows: readonly Row[], judge: boolean): string =>
  JSON.stringify({ targets: judge ? targetsOf(rows) : [], versions: versions(), rows });

const round = (value: number, digits: number): number => Number(value.toFixed(digits));
