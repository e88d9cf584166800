import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';

/** Where fetched servers live: `$BREAKWATER_CACHE/servers`, else `~/.cache/breakwater/servers` (`$XDG_CACHE_HOME` is honoured). Outside the tree, shared by all checkouts. */
export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  const own = env['BREAKWATER_CACHE'];
  if (own !== undefined && own !== '') {
    if (!isAbsolute(own)) throw new Error(`BREAKWATER_CACHE is '${own}': it must be an absolute path`);
    return join(own, 'servers');
  }
  const xdg = env['XDG_CACHE_HOME'];
  const base = xdg !== undefined && isAbsolute(xdg) ? xdg : join(homedir() || tmpdir(), '.cache');
  return join(base, 'breakwater', 'servers');
}

/** Whether a path is a file that this user may execute. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The first program of that name on PATH. Folders of npm (`node_modules/.bin`) do not count. */
export function onPath(name: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  for (const dir of (env['PATH'] ?? '').split(delimiter)) {
    if (dir === '' || dir.includes('node_modules')) continue;
    const path = join(dir, name);
    if (isExecutable(path)) return path;
  }
  return undefined;
}

/**
 * Fills a cache folder in a way that another process never sees half of it: the work happens beside it and is renamed at the end.
 * When two processes fill the same folder, the first to finish wins and the other's copy is dropped.
 * @param fill gets an empty folder; when it throws, nothing stays behind
 */
export async function fillOnce(dir: string, fill: (stage: string) => Promise<void>): Promise<void> {
  const stage = `${dir}.part-${process.pid}`;
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  try {
    await fill(stage);
    if (existsSync(dir)) return;
    try {
      renameSync(stage, dir);
    } catch (error) {
      if (!existsSync(dir)) throw error;
    }
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}
