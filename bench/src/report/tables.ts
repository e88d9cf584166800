import type { Estimate } from '../stats.js';
import { markdownTable } from './markdown.js';
import type { Report } from './report.js';
import type { IdleRow, LoadRow, Row } from './row.js';
import type { Target } from './targets.js';

/** What a contender cannot do, or was not asked for. */
const NONE = '-';

/** Enough digits for a comparison, and no more. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return String(Math.round(value));
  return value.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

const interval = ({ median, low, high }: Estimate): string => `${short(median)} [${short(low)}, ${short(high)}]`;

const MIB = 1024 * 1024;

export const loadRows = (rows: readonly Row[]): readonly LoadRow[] => rows.filter((row) => row.kind === 'load');
const idleRows = (rows: readonly Row[]): readonly IdleRow[] => rows.filter((row) => row.kind === 'idle');

const unique = (values: readonly string[]): readonly string[] => [...new Set(values)];

/** One line per contender, one column per load; what is shown of each is the caller's choice. */
export function matrix(rows: readonly LoadRow[], cell: (row: LoadRow) => string): string {
  const loads = unique(rows.map(({ load }) => load));
  const lines = unique(rows.map(({ name }) => name)).map((name) => [
    name,
    ...loads.map((load) => {
      const row = rows.find((one) => one.name === name && one.load === load);
      return row === undefined ? NONE : cell(row);
    }),
  ]);
  return markdownTable(['contender', ...loads], lines);
}

/** Everything about one load. */
export function loadTable(rows: readonly LoadRow[]): string {
  const [first] = rows;
  const unit = first?.unit ?? 'call';
  const bytes = first?.bytesPerSecond !== undefined;
  const head = [
    'contender',
    `${unit}s/s`,
    ...(bytes ? ['MB/s'] : []),
    `${unit}s/s vs grpc-js [95 % CI]`,
    `CPU us/${unit} client + server`,
    'CPU vs grpc-js [95 % CI]',
    'p50 us',
    'p99 us',
    'p99.9 us',
    'GC ms/slice client + server (longest)',
    'RSS MiB client + server',
  ];
  const line = (row: LoadRow): readonly string[] => [
    row.name,
    String(Math.round(row.perSecond)),
    ...(bytes ? [short((row.bytesPerSecond ?? 0) / 1e6)] : []),
    interval(row.rateRatio),
    `${short(row.clientCpuUs)} + ${short(row.serverCpuUs)}`,
    interval(row.cpuRatio),
    short(row.p50Us),
    short(row.p99Us),
    short(row.p999Us),
    `${row.clientGcMs.toFixed(1)} + ${row.serverGcMs.toFixed(1)} (${row.gcMaxMs.toFixed(1)})`,
    `${Math.round(row.clientRssBytes / MIB)} + ${Math.round(row.serverRssBytes / MIB)}`,
  ];
  return markdownTable(head, rows.map(line));
}

function idleTable(rows: readonly IdleRow[]): string {
  const kib = (bytes: number): string => short(bytes / 1024);
  return markdownTable(
    ['contender', 'KiB per idle connection client + server', 'KiB per open stream client + server', 'runs'],
    rows.map((row) => [
      row.name,
      `${kib(row.clientConnectionBytes)} + ${kib(row.serverConnectionBytes)}`,
      `${kib(row.clientStreamBytes)} + ${kib(row.serverStreamBytes)}`,
      String(row.runs),
    ]),
  );
}

/** What was promised. */
export const bound = ({ target, better }: Target): string =>
  `${better === 'higher' ? 'at least' : 'at most'} ${short(target)}`;

const verdict = (target: Target): string =>
  `${bound(target)}: ${target.ok ? 'kept' : 'MISSED'}${target.value === null ? ' (not measured)' : ''}`;

/** The targets, with what came out. */
export const targetTable = (targets: readonly Target[]): string =>
  markdownTable(
    ['target', 'value', 'judgement'],
    targets.map((target) => [target.name, target.value === null ? NONE : short(target.value), verdict(target)]),
  );

/** The whole report, as Markdown. */
export function tables({ targets, versions, rows }: Report): string {
  const ofLoads = loadRows(rows);
  const parts: string[] = [];
  if (targets.length > 0) parts.push('### Targets', targetTable(targets));
  if (ofLoads.length > 0) {
    parts.push(
      '### Calls or messages per second, relative to grpc-js',
      matrix(ofLoads, (row) => short(row.rateRatio.median)),
    );
    parts.push(
      '### CPU per call or message, client + server, relative to grpc-js',
      matrix(ofLoads, (row) => short(row.cpuRatio.median)),
    );
  }
  for (const load of unique(ofLoads.map((row) => row.load)))
    parts.push(`### ${load}`, loadTable(ofLoads.filter((row) => row.load === load)));
  const silent = idleRows(rows);
  if (silent.length > 0) parts.push('### Silent connections and streams', idleTable(silent));
  parts.push(
    `Versions: ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}.`,
  );
  return parts.join('\n\n');
}
