import { REFERENCE } from '../contenders/index.js';
import { MAIN_LOAD } from '../loads/index.js';
import type { Report } from '../report/report.js';
import type { IdleRow, LoadRow } from '../report/row.js';
import { loadRows, short } from '../report/tables.js';
import { type Bar, barChart } from './bar-chart.js';

const isOurs = (name: string): boolean => name.includes('breakwater');

const bar = (name: string, ...values: readonly number[]): Bar => ({ label: name, values, highlighted: isOurs(name) });

const KIB = 1024;

/** The charts of a report by file name; those whose rows are missing are left out. */
export function chartsOf(report: Report): ReadonlyMap<string, string> {
  const where = `node ${report.versions['node'] ?? ''}, ${report.versions['machine'] ?? ''}, medians`;
  const rows = loadRows(report.rows);
  const idle = report.rows.filter((row): row is IdleRow => row.kind === 'idle');
  const charts = new Map<string, string>();
  const draw = (
    file: string,
    title: string,
    unit: string,
    bars: readonly Bar[],
    parts: readonly string[] = [],
  ): void => {
    if (bars.length > 0)
      charts.set(file, barChart({ title, subtitle: `${unit}; ${where}`, parts, bars, format: short }));
  };
  const ofLoad = (load: string): readonly LoadRow[] => rows.filter((row) => row.load === load);
  const main = ofLoad(MAIN_LOAD);
  const sides = ['client', 'server'];
  draw(
    'unary-c64-rate.svg',
    'Unary calls, 64 in flight on one connection',
    'calls/s relative to grpc-js',
    main.map((row) => bar(row.name, row.rateRatio.median)),
  );
  draw(
    'unary-c64-cpu.svg',
    'CPU per unary call, 64 in flight on one connection',
    'us per call',
    main.map((row) => bar(row.name, row.clientCpuUs, row.serverCpuUs)),
    sides,
  );
  draw(
    'unary-c256-p99.svg',
    '99th percentile of unary calls, 256 in flight on one connection',
    'ms',
    ofLoad('unary c=256').map((row) => bar(row.name, row.p99Us / 1000)),
  );
  draw(
    'server-stream-rate.svg',
    'Messages of response streams, 4 streams on one connection',
    'messages/s relative to grpc-js',
    ofLoad('server stream x4').map((row) => bar(row.name, row.rateRatio.median)),
  );
  for (const transport of ['wire', 'grpc-js'])
    draw(
      `loads-on-${transport}.svg`,
      `Breakwater on ${transport} with its default stacks, under every load`,
      `calls or messages per second relative to ${REFERENCE.name}`,
      rows
        .filter(({ name }) => name === `breakwater on ${transport}, default stacks`)
        .map((row) => ({ label: row.load, values: [row.rateRatio.median], highlighted: true })),
    );
  draw(
    'idle-connection-memory.svg',
    'Memory per silent connection',
    'KiB of RSS',
    idle.map((row) => bar(row.name, row.clientConnectionBytes / KIB, row.serverConnectionBytes / KIB)),
    sides,
  );
  draw(
    'idle-stream-memory.svg',
    'Memory per open, silent stream',
    'KiB of RSS',
    idle.map((row) => bar(row.name, row.clientStreamBytes / KIB, row.serverStreamBytes / KIB)),
    sides,
  );
  return charts;
}
