import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chartsOf } from './charts/charts.js';
import type { Report } from './report/report.js';
import { withFigures } from './report/results-file.js';

const RESULTS = fileURLToPath(new URL('../RESULTS.md', import.meta.url));
const CHARTS = fileURLToPath(new URL('../charts', import.meta.url));

/**
 * Reads a saved report: the JSON object alone, or any output whose last line it is.
 * @throws Error when there is none
 */
export function readReport(path: string): Report {
  const last = readFileSync(path, 'utf8').trimEnd().split('\n').at(-1) ?? '';
  let parsed: Partial<Report>;
  try {
    parsed = JSON.parse(last) as Partial<Report>;
  } catch (error) {
    throw new Error(`the last line of ${path} is no JSON object as --json prints it`, { cause: error });
  }
  const { targets, versions, rows } = parsed;
  if (targets === undefined || versions === undefined || rows === undefined)
    throw new Error(`${path} has no { targets, versions, rows }`);
  return { targets, versions, rows };
}

/** Writes the figures into RESULTS.md and draws the charts; charts that the report has no rows for go. */
export function render(report: Report): readonly string[] {
  writeFileSync(RESULTS, withFigures(readFileSync(RESULTS, 'utf8'), report));
  mkdirSync(CHARTS, { recursive: true });
  const charts = chartsOf(report);
  for (const file of readdirSync(CHARTS)) if (file.endsWith('.svg') && !charts.has(file)) rmSync(join(CHARTS, file));
  for (const [file, svg] of charts) writeFileSync(join(CHARTS, file), svg);
  return [RESULTS, ...[...charts.keys()].map((file) => join(CHARTS, file))];
}
