import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../child-process.js';
import { layers } from '../layers/index.js';
import { ROOT } from '../repo.js';
import type { Failure } from '../stage.js';
import { format } from './format.js';
import { checkLockfile } from './lockfile.js';
import { allAmbientEscapes, type Finding, isAmbient, oxlint } from './oxlint.js';
import { checkSnippets } from './snippets.js';

/** One static check of the repo. */
export interface Check {
  readonly name: string;
  readonly check: () => Promise<readonly Failure[]> | readonly Failure[];
}

/** bootstrap.mjs has built; what it saw is a check like any other, so that all the rest still runs and is reported. */
function types(): readonly Failure[] {
  const errors = process.env['BREAKWATER_BUILD_ERRORS'];
  return errors === undefined ? [] : [{ where: 'tsc -b', detail: errors }];
}

async function generated(): Promise<readonly Failure[]> {
  const script = join(ROOT, 'tools/dist/generate.js');
  if (!existsSync(script)) return [{ where: 'tools/src/generate.ts', detail: 'is missing: nothing can check src/gen' }];
  const { code, stdout, stderr, timedOut } = await run(process.execPath, [script, '--check'], { limitMs: 120_000 });
  if (code === 0) return [];
  return [
    {
      where: 'npm run generate -- --check',
      detail: timedOut ? 'did not finish within 120 s' : `${stdout}${stderr}`.trim(),
    },
  ];
}

/** The checks that look at sources only. Lint and the ambient ban share one run of oxlint. */
export function sourceChecks(): readonly Check[] {
  let findings: Promise<readonly Finding[]> | undefined;
  const linted = (): Promise<readonly Finding[]> => (findings ??= oxlint());
  return [
    { name: 'format', check: () => format() },
    { name: 'lint', check: async () => (await linted()).filter((finding) => !isAmbient(finding)) },
    { name: 'lockfile', check: () => checkLockfile() },
    { name: 'layers', check: () => layers() },
    { name: 'ambient ban', check: async () => [...(await linted()).filter(isAmbient), ...allAmbientEscapes()] },
  ];
}

/** The static checks of `npm test`, in order. */
export const checks = (): readonly Check[] => [
  { name: 'generated code is fresh', check: generated },
  { name: 'types', check: types },
  ...sourceChecks(),
  { name: 'snippets compile', check: () => checkSnippets() },
];
