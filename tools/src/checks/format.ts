import { join } from 'node:path';
import { run } from '../child-process.js';
import { ROOT } from '../repo.js';
import type { Failure } from '../stage.js';

const LIMIT_MS = 120_000;

/** How biome begins its message about a file that it would print differently. */
const UNFORMATTED = 'Formatter would have printed';

interface Diagnostic {
  readonly message?: string;
  readonly location?: { readonly path?: unknown };
}

interface Report {
  readonly diagnostics: readonly Diagnostic[];
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
  const place = ({ location }: Diagnostic): string =>
    typeof location?.path === 'string' ? location.path : JSON.stringify(location?.path ?? 'biome');
  const unformatted = report.diagnostics.filter(({ message }) => message?.startsWith(UNFORMATTED) === true);
  const broken = report.diagnostics.filter((diagnostic) => !unformatted.includes(diagnostic));
  const failures = broken.map((diagnostic) => ({
    where: place(diagnostic),
    detail: diagnostic.message ?? 'no message',
  }));
  if (unformatted.length === 0) return failures;
  // One command repairs them all, so they are one failure.
  const list = unformatted.map(place).join('\n');
  return [
    ...failures,
    { where: `${unformatted.length} files are not formatted`, detail: `run 'npm run format'\n${list}` },
  ];
}
