import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A folder of its own for every test of the suite this is called in. They are removed at the end of the suite, when what
 * was opened in them has been closed by hooks that run after each test.
 * @returns a function that gives the path
 */
export function temporaryFolder(): () => string {
  const folders: string[] = [];
  beforeEach(async () => {
    folders.push(await mkdtemp(join(tmpdir(), 'breakwater-shop-test-')));
  });
  after(async () => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  });
  return () => folders.at(-1) ?? '';
}
