import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The installed version of a package. Found from its entry up: not every package exports its package.json. */
export function versionOf(name: string): string {
  for (let dir = dirname(fileURLToPath(import.meta.resolve(name))); dir !== dirname(dir); dir = dirname(dir)) {
    const path = join(dir, 'package.json');
    if (!existsSync(path)) continue;
    const found = JSON.parse(readFileSync(path, 'utf8')) as { readonly name?: string; readonly version?: string };
    if (found.name === name) return found.version ?? 'unknown';
  }
  throw new Error(`${name} is not installed`);
}
