import { join } from 'node:path';
import { filesBelow, ROOT, type Workspace } from '../repo.js';

/** `unit`: virtual time, no servers. `integration`: real servers or processes. `solo`: integration that must have the machine to itself. */
export type TestKind = 'unit' | 'integration' | 'solo';

export interface TestFile {
  readonly workspace: string;
  /** Absolute path of the compiled file. */
  readonly path: string;
  readonly kind: TestKind;
}

/** What a compiled file is, by its name. Names that contain `.full.` run under --full only. */
export function testKind(name: string): TestKind | undefined {
  if (name.endsWith('.solo.itest.js')) return 'solo';
  if (name.endsWith('.itest.js')) return 'integration';
  return name.endsWith('.test.js') ? 'unit' : undefined;
}

export interface Selection {
  readonly full: boolean;
  /** Only files whose path (source or compiled) starts with or contains one of these; empty: all. */
  readonly only: readonly string[];
}

/** Whether a file, given by its compiled path relative to the root, is selected. `packages/core`, `packages/core/src/x.test.ts` and a bare `x.test` all select it. */
export function isSelected(path: string, { full, only }: Selection): boolean {
  if (!full && path.split('/').at(-1)?.includes('.full.') === true) return false;
  if (only.length === 0) return true;
  const source = path.replace('/dist/', '/src/').replace(/\.js$/, '.ts');
  return only.some((wanted) => {
    const asked = wanted.replace(/^\.\//, '').replace(/\/$/, '');
    if (asked.includes('/'))
      return [path, source].some(
        (candidate) => candidate === asked || candidate.startsWith(`${asked}/`) || candidate.startsWith(`${asked}.`),
      );
    return (source.split('/').at(-1) ?? '').startsWith(asked) || source.split('/').includes(asked);
  });
}

/** The compiled test files of the workspaces. */
export function testFiles(workspaces: readonly Workspace[], selection: Selection): readonly TestFile[] {
  return workspaces.flatMap(({ dir }) =>
    filesBelow(`${dir}/dist`, (name) => testKind(name) !== undefined)
      .filter((path) => isSelected(path, selection))
      .map((path) => ({ workspace: dir, path: join(ROOT, path), kind: testKind(path) as TestKind })),
  );
}
