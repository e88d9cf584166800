import { join } from 'node:path';
import { run } from '../child-process.js';
import { ROOT } from '../repo.js';
import type { Failure } from '../stage.js';

const LIMIT_MS = 120_000;

interface Report {
  readonly diagnostics: readonly { readonly message?: string; readonly location?: { readonly path?: unknown } }[];
}

/** Biome's formatter over the whole repo; `write` repairs instead of reporting. @throws Error when biome itself fails */
export async function format({ write = false } = {}): Promise<readonly Failure[]> {
  const bin = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');
  const args = [bin, 'format', ...(write ? ['--write'] : []), '--reporter=json', '--max-diagnostics=1000', '.'];
  const { code, stdout, stderr, timedOut } = await run(process.execPath, args, { limitMs: LIMIT_MS });
  if (timedOut) throw new Error(`biome did not finish within ${LIMIT_MS / 1000} s`);
  if (code === 0) return [];
  let report: Report;
  try {
    report = JSON.parse(stdout) as Report;
  } catch (error) {
    throw new Error(`biome failed (exit code ${code}): ${stderr.trim() || stdout.trim()}`, { cause: error });
  }
  return report.diagnostics.map(({ location, message }) => ({
    where: typeof location?.path === 'string' ? location.path : JSON.stringify(location?.path ?? 'biome'),
    detail: `${message ?? 'is not formatted'}; run 'npm run format'`,
  }));
}
