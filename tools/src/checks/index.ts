import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../child-process.js';
import { ROOT } from '../repo.js';
import type { Failure } from '../stage.js';

export interface Check {
  readonly name: string;
  readonly check: () => Promise<readonly Failure[]> | readonly Failure[];
}

/** bootstrap.mjs has built; what it saw is a check like any other, so that all the rest is still run and reported. */
const types: Check = {
  name: 'types',
  check: () => {
    const errors = process.env['BREAKWATER_BUILD_ERRORS'];
    return errors === undefined ? [] : [{ where: 'tsc -b', detail: errors }];
  },
};

const generated: Check = {
  name: 'generated code is fresh',
  check: async () => {
    const script = join(ROOT, 'tools/dist/generate.js');
    if (!existsSync(script)) return [{ where: 'tools/src/generate.ts', detail: 'is missing: nothing can check src/gen' }];
    const { code, stdout, stderr, timedOut } = await run(process.execPath, [script, '--check'], { limitMs: 120_000 });
    if (code === 0) return [];
    return [{ where: 'npm run generate -- --check', detail: timedOut ? 'did not finish within 120 s' : `${stdout}${stderr}`.trim() }];
  },
};

/** The static checks of `npm test`, in order. */
export const checks = (): readonly Check[] => [generated, types];
