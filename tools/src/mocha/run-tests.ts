import { cpus } from 'node:os';
import { repoPath } from '../repo.js';
import { duration, type Failure, formatFailure, type Skip, type StageResult } from '../stage.js';
import { type PlanResult, runPlan } from './run-plan.js';
import type { TestFile, TestKind } from './test-files.js';

const UNIT_LIMITS = { timeoutMs: 10_000, limitMs: 10 * 60_000 };
const INTEGRATION_LIMITS = { timeoutMs: 60_000, limitMs: 15 * 60_000 };
/** Under --full, soak and crash suites take long on purpose. */
const FULL_LIMIT_MS = 6 * 3_600_000;
/** Cases per property under --full, where `npm test` makes do with fast-check's 100. Their tests may take as much longer. */
const FULL_PROPERTY_RUNS = 2000;
const FULL_PATIENCE = 20;
/** A file slower than this is printed with its slowest test. */
const SLOW_MS = 2000;

export interface RunTestsOptions {
  readonly name: string;
  readonly kind: TestKind;
  readonly files: readonly TestFile[];
  readonly env: NodeJS.ProcessEnv;
  readonly grep: string | undefined;
  readonly jobs: number;
  readonly ci: boolean;
  readonly full: boolean;
  readonly say: (line: string) => void;
}

/** The variables for test processes: this process's, without what would lead tests to a user's own servers and settings. */
export function testEnv(env: NodeJS.ProcessEnv, servers: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const kept = Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !/^(?:CONSUL_|BREAKWATER_(?!CACHE$)|NODE_OPTIONS$|NODE_CHANNEL_FD$|npm_)/.test(name),
    ),
  );
  const proxied = Object.keys(kept).some((name) => /^(?:https?|grpc|all)_proxy$/i.test(name));
  const local = 'localhost,127.0.0.1,::1';
  // gRPC libraries send calls to 127.0.0.1 through a proxy when one is set.
  const noProxy = proxied
    ? { no_proxy: [kept['no_proxy'] ?? kept['NO_PROXY'], local].filter(Boolean).join(','), NO_PROXY: undefined }
    : {};
  return { ...kept, ...noProxy, ...servers };
}

/** Unit files of a workspace share one process; integration files get one each. */
function group(files: readonly TestFile[], kind: TestKind): readonly (readonly TestFile[])[] {
  if (kind !== 'unit') return files.map((file) => [file]);
  const groups = new Map<string, TestFile[]>();
  for (const file of files) groups.set(file.workspace, [...(groups.get(file.workspace) ?? []), file]);
  return [...groups.values()];
}

/** Sorts skipped tests into `skipped` and `absent` by what each said about a server, as `requireServer` prints it. */
export function classifySkips({ skipped }: Pick<PlanResult, 'skipped'>): {
  skipped: readonly Skip[];
  absent: readonly Skip[];
} {
  const isAbsent = ({ notice }: { readonly notice?: string }): boolean => notice?.startsWith('absent: ') === true;
  const skip = ({ file, title, notice }: (typeof skipped)[number]): Skip => ({
    where: `${sourceOf(file)} › ${title}`,
    reason: notice?.replace(/^(?:skipped|absent): /, '') ?? 'skipped by the test itself',
  });
  return {
    skipped: skipped.filter((one) => !isAbsent(one)).map(skip),
    absent: skipped.filter(isAbsent).map(skip),
  };
}

const sourceOf = (compiled: string): string => repoPath(compiled).replace('/dist/', '/src/').replace(/\.js$/, '.ts');

/** Runs test files in at most `jobs` processes and prints one line per file as it ends, failures in full. */
export async function runTests({
  name,
  kind,
  files,
  env,
  grep,
  jobs,
  ci,
  full,
  say,
}: RunTestsOptions): Promise<StageResult> {
  const startedAt = performance.now();
  const { timeoutMs, limitMs } = kind === 'unit' ? UNIT_LIMITS : INTEGRATION_LIMITS;
  const queue = [...group(files, kind)];
  const failed: Failure[] = [];
  const skipped: Skip[] = [];
  const absent: Skip[] = [];
  let passed = 0;

  const work = async (): Promise<void> => {
    for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
      const plan = {
        files: batch.map(({ path }) => path),
        timeoutMs: full && kind === 'unit' ? timeoutMs * FULL_PATIENCE : timeoutMs,
        ...(full ? { propertyRuns: FULL_PROPERTY_RUNS } : {}),
        ...(grep === undefined ? {} : { grep }),
      };
      const result = await runPlan(plan, { env, limitMs: full ? FULL_LIMIT_MS : limitMs });
      const failures = result.failed.map(({ file, title, detail }) => ({
        where: `${file === '' ? (batch?.[0]?.workspace ?? '') : sourceOf(file)} › ${title}`,
        detail,
      }));
      const skips = classifySkips(result);
      passed += result.passed.length;
      failed.push(...failures);
      skipped.push(...skips.skipped);
      absent.push(...skips.absent);
      for (const line of fileLines(batch, result)) say(line);
      for (const failure of failures) say(formatFailure(failure));
      for (const { title, file } of result.retried) say(`  ! retried: ${sourceOf(file)} › ${title}`);
      for (const notice of new Set(result.skipped.map((skip) => skip.notice ?? 'skipped by the test itself')))
        say(`  - ${notice}`);
    }
  };
  await Promise.all(Array.from({ length: kind === 'solo' ? 1 : Math.min(jobs, Math.max(2, cpus().length)) }, work));
  // In CI nothing may be skipped: what cannot run there is optional and announces itself as absent.
  if (ci)
    for (const { where, reason } of skipped.splice(0))
      failed.push({ where, detail: `skipped under CI=true: ${reason}` });
  return { name, passed, failed, skipped, absent, tookMs: performance.now() - startedAt };
}

function fileLines(batch: readonly TestFile[], result: PlanResult): readonly string[] {
  return batch.flatMap(({ path }) => {
    const passed = result.passed.filter(({ file }) => file === path);
    const failed = result.failed.filter(({ file }) => file === path);
    const skipped = result.skipped.filter(({ file }) => file === path);
    if (passed.length + failed.length + skipped.length === 0) return [];
    const tookMs = passed.reduce((sum, test) => sum + test.tookMs, 0);
    const slowest = [...passed].sort((a, b) => b.tookMs - a.tookMs)[0];
    const parts = [
      `${passed.length} passed`,
      ...(failed.length > 0 ? [`${failed.length} FAILED`] : []),
      ...(skipped.length > 0 ? [`${skipped.length} skipped`] : []),
      duration(batch.length === 1 ? result.tookMs : tookMs),
    ];
    const slow =
      slowest !== undefined && slowest.tookMs > SLOW_MS
        ? ` (slowest: ${slowest.title}, ${duration(slowest.tookMs)})`
        : '';
    return [
      `  ${failed.length > 0 ? '✗' : skipped.length > 0 ? '-' : '✓'} ${sourceOf(path)}: ${parts.join(', ')}${slow}`,
    ];
  });
}
