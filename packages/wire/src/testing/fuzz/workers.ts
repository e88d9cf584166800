/**
 * Runs cases, several at a time, until `enough`. The first failure ends the others and is thrown, with its seed.
 * @param run one case; `index` counts from 0
 */
export async function runCases(
  seed: number,
  enough: (started: number) => boolean,
  run: (seed: number, index: number) => Promise<void>,
  parallel = 16,
): Promise<void> {
  let next = 0;
  let failed = false;
  const work = async (): Promise<void> => {
    while (!failed && !enough(next)) {
      const index = next++;
      try {
        await run(seed + index, index);
      } catch (error) {
        failed = true;
        throw new Error(`seed ${seed + index}: ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        });
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
}

/** True about five times in the course of `cases`. */
export const fifths = (cases: number): ((done: number) => boolean) => {
  let next = 0;
  return (done) => {
    if (done < next) return false;
    next += cases / 5;
    return true;
  };
};
