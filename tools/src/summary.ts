import { duration, formatFailure, type StageResult } from './stage.js';
import type { Provision } from './services/index.js';

/** Sums of all stages. */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
  /** Skipped tests and tests of absent optional servers. */
  readonly skipped: number;
}

/** Adds up the stages. */
export const totals = (stages: readonly StageResult[]): Totals => ({
  passed: stages.reduce((sum, { passed }) => sum + passed, 0),
  failed: stages.reduce((sum, { failed }) => sum + failed.length, 0),
  skipped: stages.reduce((sum, { skipped, absent }) => sum + skipped.length + absent.length, 0),
});

/** The last line: `N passed, N failed`, with `, N skipped` when there are any. */
export const totalsLine = ({ passed, failed, skipped }: Totals): string =>
  `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;

/** The closing report: a line per stage, every failure again, what did not run and why, the servers used, the totals as the last line. */
export function summary(
  stages: readonly StageResult[],
  provisions: readonly Provision[],
  tookMs: number,
): readonly string[] {
  const lines: string[] = ['', `── summary (${duration(tookMs)})`];
  const width = Math.max(...stages.map(({ name }) => name.length));
  for (const stage of stages) {
    const parts = [
      `${stage.passed} passed`,
      ...(stage.failed.length > 0 ? [`${stage.failed.length} FAILED`] : []),
      ...(stage.skipped.length > 0 ? [`${stage.skipped.length} skipped`] : []),
      ...(stage.absent.length > 0 ? [`${stage.absent.length} absent`] : []),
    ];
    lines.push(
      `  ${stage.failed.length > 0 ? '✗' : '✓'} ${stage.name.padEnd(width)}  ${duration(stage.tookMs).padStart(12)}  ${parts.join(', ')}`,
    );
  }
  for (const provision of provisions)
    lines.push(
      'located' in provision
        ? `  server ${provision.service.name}: ${provision.located.found}`
        : `  ${provision.service.class === 'optional' ? 'absent' : 'missing'}: ${provision.service.name}, ${provision.reason}`,
    );
  const reasons = new Map<string, number>();
  for (const { reason } of stages.flatMap(({ skipped }) => skipped))
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  for (const [reason, count] of reasons) lines.push(`  skipped: ${count} x ${reason}`);
  const failures = stages.flatMap(({ failed }) => failed);
  if (failures.length > 0) lines.push('', `── ${failures.length} failed`, ...failures.map(formatFailure));
  lines.push('', totalsLine(totals(stages)));
  return lines;
}
