import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { median } from '../stats.js';
import type { CaseResult } from './result.js';

const PATH = fileURLToPath(new URL('../../micro-baseline.json', import.meta.url));

/** What the cases came to when somebody last said that it is all right so. */
export interface Baseline {
  /** Major version: another one compiles otherwise, so its figures say nothing. */
  readonly node: number;
  readonly cases: Readonly<Record<string, { readonly ratio: number; readonly bytes: number }>>;
}

export const nodeMajor = (): number => Number(process.versions.node.split('.')[0]);

/** @throws Error when there is none, or it cannot be read */
export const readBaseline = (): Baseline => JSON.parse(readFileSync(PATH, 'utf8')) as Baseline;

/** @param runs of fresh processes: how code happens to be compiled differs between them, so it takes their medians */
export function writeBaseline(runs: readonly (readonly CaseResult[])[]): string {
  const all = runs.flat();
  const typical = (name: string, pick: (result: CaseResult) => number): number =>
    median(all.filter((one) => one.name === name).map(pick));
  const cases = Object.fromEntries(
    (runs[0] ?? []).map(({ name }) => [
      name,
      {
        ratio: Number(typical(name, ({ ratio }) => ratio).toFixed(3)),
        bytes: Math.round(typical(name, ({ bytes }) => bytes)),
      },
    ]),
  );
  writeFileSync(PATH, `${JSON.stringify({ node: nodeMajor(), cases }, null, 2)}\n`);
  return PATH;
}

/** More than this above the baseline is a regression, if it repeats. */
const TOLERANCE = 1.2;
/** Beside what a few nanoseconds are to the reference loop: the smallest cases are hardly more than their loop. */
const RATIO_SLACK = 0.05;
/** Allocations are counted, not timed, but the smallest differ by a few bytes from run to run. */
const BYTES_SLACK = 16;

/** A case that has become slower or allocates more. */
export interface Regression {
  readonly name: string;
  readonly what: 'time' | 'bytes';
  readonly before: number;
  readonly now: number;
}

/** Compares with the baseline. Cases that it does not know are no regressions. */
export function regressionsOf(results: readonly CaseResult[], { cases }: Baseline): readonly Regression[] {
  return results.flatMap(({ name, ratio, bytes }): Regression[] => {
    const before = Object.hasOwn(cases, name) ? cases[name] : undefined;
    if (before === undefined) return [];
    const found: Regression[] = [];
    if (ratio > before.ratio * TOLERANCE + RATIO_SLACK)
      found.push({ name, what: 'time', before: before.ratio, now: ratio });
    if (bytes > before.bytes * TOLERANCE + BYTES_SLACK)
      found.push({ name, what: 'bytes', before: before.bytes, now: bytes });
    return found;
  });
}

/** Of several runs, the regressions that all of them have, with the figures of the last one. */
export function repeated(runs: readonly (readonly Regression[])[]): readonly Regression[] {
  const last = runs.at(-1) ?? [];
  return last.filter(({ name, what }) =>
    runs.every((run) => run.some((one) => one.name === name && one.what === what)),
  );
}
