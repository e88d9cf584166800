import { readdir } from 'node:fs/promises';
import path from 'node:path';

/**
 * Every `.proto` below `root`, as sorted slash-separated paths relative to it.
 * `node_modules` and dot folders are skipped: protos of dependencies belong to `--include`.
 */
export const findProtoFiles = async (root: string): Promise<readonly string[]> => {
  const found: string[] = [];
  const visit = async (folder: string): Promise<void> => {
    for (const entry of await readdir(path.join(root, folder), { withFileTypes: true })) {
      const child = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (entry.name !== 'node_modules' && !entry.name.startsWith('.')) await visit(child);
      } else if (entry.name.endsWith('.proto')) {
        found.push(child);
      }
    }
  };
  await visit('');
  return found.sort();
};
