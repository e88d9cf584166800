import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow, ROOT, workspaces } from '../repo.js';
import type { Failure } from '../stage.js';
import { checkLayers } from './check-layers.js';

/** The layer check over the sources on disk. */
export function layers(): readonly Failure[] {
  const all = workspaces();
  const paths = all.flatMap(({ dir }) =>
    filesBelow(`${dir}/src`, (name) => name.endsWith('.ts') && !name.endsWith('.d.ts')),
  );
  const files = paths.map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
  const root = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    devDependencies?: Record<string, string>;
  };
  return checkLayers(all, files, Object.keys(root.devDependencies ?? {}));
}
