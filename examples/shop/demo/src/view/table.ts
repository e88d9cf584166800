import type { PhaseSummary } from '../measure/phase-summary.js';

const HEADERS = [
  'phase',
  'calls',
  'ok',
  'deferred',
  'declined',
  'failed',
  'rejected',
  'retries',
  'p50 ms',
  'p99 ms',
  'turned away by',
  'breaker',
] as const;
const LEFT: ReadonlySet<number> = new Set([0, 10, 11]);

/** Phases as the lines of a table, headers first. */
export function phaseTable(summaries: readonly PhaseSummary[]): readonly string[] {
  const rows = [HEADERS as readonly string[], ...summaries.map(toRow)];
  const widths = HEADERS.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (LEFT.has(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  const [header = [], ...body] = rows.map(line);
  return [String(header), '-'.repeat(widths.reduce((sum, width) => sum + width + 2, -2)), ...body];
}

function toRow(summary: PhaseSummary): readonly string[] {
  const { name, calls, ok, deferred, declined, failed, failedByCode, rejected, p50Ms, p99Ms, tally } = summary;
  return [
    name,
    String(calls),
    String(ok),
    String(deferred),
    String(declined),
    failed === 0 ? '0' : counts(failedByCode),
    String(rejected),
    String(tally.retries),
    ms(p50Ms),
    ms(p99Ms),
    counts([...tally.rejections].map(([policy, times]) => [policy.replace('circuit-', ''), times])),
    // How often it half-opened is told in the last line; here it would make the table too wide for a terminal.
    counts([...tally.transitions].filter(([state]) => state !== 'half_open')),
  ];
}

const ms = (value: number | undefined): string => (value === undefined ? '-' : value.toFixed(0));

const counts = (entries: Iterable<readonly [string, number]>): string =>
  [...entries].map(([what, times]) => `${times} ${what}`).join(', ') || '-';
