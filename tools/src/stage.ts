/** A check or test that did not hold. */
export interface Failure {
  /** Where: file and test, or file and line. */
  readonly where: string;
  /** What is wrong, in full; may have several lines. */
  readonly detail: string;
}

/** A test that did not run, and why. */
export interface Skip {
  readonly where: string;
  readonly reason: string;
}

/** What one stage of `npm test` found. */
export interface StageResult {
  readonly name: string;
  /** Number of tests or checks that held. */
  readonly passed: number;
  readonly failed: readonly Failure[];
  /** Not run, although it should have been possible. */
  readonly skipped: readonly Skip[];
  /** Not run, because an optional server is absent. */
  readonly absent: readonly Skip[];
  readonly tookMs: number;
}

/** A check that either holds or lists what is wrong. */
export async function checkStage(
  name: string,
  check: () => Promise<readonly Failure[]> | readonly Failure[],
): Promise<StageResult> {
  const startedAt = performance.now();
  let failed: readonly Failure[];
  try {
    failed = await check();
  } catch (error) {
    failed = [{ where: name, detail: error instanceof Error ? (error.stack ?? error.message) : String(error) }];
  }
  return {
    name,
    passed: failed.length === 0 ? 1 : 0,
    failed,
    skipped: [],
    absent: [],
    tookMs: performance.now() - startedAt,
  };
}

/** `0.4 s`, `12 s`, `3 min 05 s`. */
export function duration(ms: number): string {
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** Prints a failure, its detail indented below. */
export const formatFailure = ({ where, detail }: Failure): string =>
  `  ✗ ${where}\n${detail.replaceAll(/^(?=.)/gm, '      ')}`;
