import { stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GenerateOptions, GenerateResult } from './generate.js';
import { generate } from './generate.js';
import { findProtoFiles } from './proto-files.js';

/** What a watcher tells, and how it is ended. */
export interface WatchOptions {
  /** Ends the watch; a generation that is under way is finished first. */
  readonly signal: AbortSignal;
  readonly onResult: (result: GenerateResult) => void;
  /** A generation failed; the watch goes on. */
  readonly onError: (error: Error) => void;
  /** The first generation is over. */
  readonly onReady?: () => void;
  /** Time between two looks at the folders. Default: 250. */
  readonly intervalMs?: number;
}

/** Changes when any proto is added, removed or saved. A folder that is gone has the empty state. */
const stateOf = async (dirs: readonly string[]): Promise<string> => {
  const parts: string[] = [];
  for (const dir of dirs) {
    const files = await findProtoFiles(dir).catch(() => []);
    for (const file of files) {
      const found = await stat(path.join(dir, file)).catch(() => undefined);
      if (found !== undefined) parts.push(`${dir}/${file} ${found.mtimeMs} ${found.size} ${found.ino}`);
    }
  }
  return parts.join('\n');
};

/**
 * Generates now, and again after each change of a `.proto` in the proto or include folders, as soon as
 * nothing has changed for one interval. Looks at the folders instead of subscribing to their events, which
 * network and container file systems do not deliver.
 *
 * @returns when `signal` fires
 */
export const watchProtos = async (
  options: GenerateOptions,
  { signal, onResult, onError, onReady, intervalMs = 250 }: WatchOptions,
): Promise<void> => {
  const dirs = [options.protoDir, ...(options.includeDirs ?? [])];
  const pause = (): Promise<void> => sleep(intervalMs, undefined, { signal }).catch(() => undefined);
  const run = async (): Promise<void> => {
    try {
      onResult(await generate(options));
    } catch (error) {
      // Ctrl-C ends protoc too; that is no error of the protos.
      if (!signal.aborted) onError(error instanceof Error ? error : new Error(String(error)));
    }
  };
  // Taken before each run, so that a file saved during it triggers the next one.
  let generated = await stateOf(dirs);
  await run();
  onReady?.();
  let seen = generated;
  while (!signal.aborted) {
    await pause();
    const now = await stateOf(dirs);
    const quiet = now === seen;
    seen = now;
    if (!quiet || now === generated || signal.aborted) continue;
    generated = now;
    await run();
  }
};
