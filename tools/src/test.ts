/**
 * `npm test [-- --full] [--grep REGEXP] [--only PATH]… [--jobs N] [--coverage] [--install-servers]`
 * The one gate of the repo: static checks, then unit tests, then integration tests against real servers.
 * Every stage runs, whatever failed before; the summary repeats the failures and the last line is `N passed, N failed[, N skipped]`.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { checks } from './checks/index.js';
import { endChildrenOnSignal, run } from './child-process.js';
import { runTests, testEnv } from './mocha/run-tests.js';
import { type TestFile, type TestKind, testFiles } from './mocha/test-files.js';
import { parseTestOptions, TEST_HELP, type TestOptions } from './options.js';
import { ROOT, workspaces } from './repo.js';
import { type Provision, provide, provisionEnv } from './services/index.js';
import { checkStage, duration, formatFailure, type StageResult } from './stage.js';
import { summary, totals } from './summary.js';

const say = (line: string): void => console.log(line);
const COVERAGE_DIR = join(ROOT, 'coverage');

/** Integration tests start whole processes and real servers; two at a time keep two cores busy without starving either. */
const STAGES: readonly { readonly kind: TestKind; readonly name: string }[] = [
  { kind: 'unit', name: 'unit tests' },
  { kind: 'integration', name: 'integration tests' },
  { kind: 'solo', name: 'integration tests, one at a time' },
];

async function main(options: TestOptions): Promise<number> {
  const startedAt = performance.now();
  const stages: StageResult[] = [];
  let provisions: readonly Provision[] = [];
  // A narrowed run is for working on one thing: it leaves out the checks of the whole repo.
  const narrowed = options.only.length > 0 || options.grep !== undefined;

  if (!narrowed) {
    for (const { name, check } of checks()) {
      say(`\n── ${name}`);
      const result = await checkStage(name, check);
      for (const failure of result.failed) say(formatFailure(failure));
      say(`  ${result.failed.length === 0 ? '✓' : '✗'} ${duration(result.tookMs)}`);
      stages.push(result);
    }
  } else stages.push(...(await narrowedTypes(options)));

  const files = testFiles(workspaces(), options);
  if (files.some(({ kind }) => kind !== 'unit')) {
    say('\n── servers');
    provisions = await provide({ say: (line) => say(`  ${line}`), everything: options.ci || options.installServers });
    for (const provision of provisions)
      say(`  ${provision.service.name}: ${'located' in provision ? provision.located.found : provision.reason}`);
  }
  const env = testEnv(process.env, {
    ...provisionEnv(provisions),
    ...(options.full ? { BREAKWATER_FULL: '1' } : {}),
    ...coverageEnv(options),
  });
  for (const { kind, name } of STAGES) stages.push(...(await testStage(name, kind, files, env, options)));
  if (narrowed && totals(stages).passed + totals(stages).failed + totals(stages).skipped === 0)
    stages.push(
      await checkStage('selection', () => [
        {
          where: 'npm test',
          detail: `no test matches ${[...options.only.map((path) => `--only ${path}`), ...(options.grep === undefined ? [] : [`--grep ${options.grep}`])].join(' ')}`,
        },
      ]),
    );
  if (options.coverage) await printCoverage();

  for (const line of summary(stages, provisions, performance.now() - startedAt)) say(line);
  return totals(stages).failed === 0 ? 0 : 1;
}

/** Of a build that failed, only the errors in what is tested count; the others are mentioned, since older output of theirs is used. */
async function narrowedTypes({ only }: TestOptions): Promise<readonly StageResult[]> {
  const lines = (process.env['BREAKWATER_BUILD_ERRORS'] ?? '').split('\n').filter((line) => line !== '');
  const own = lines.filter(
    (line) => only.length === 0 || only.some((path) => line.startsWith(path.replace(/^\.\//, ''))),
  );
  if (lines.length > own.length)
    say(`the build failed elsewhere (${lines.length - own.length} lines; see 'npm run build'): older output is used`);
  if (own.length === 0) return [];
  const stage = await checkStage('types', () => [{ where: 'tsc -b', detail: own.join('\n') }]);
  for (const failure of stage.failed) say(formatFailure(failure));
  return [stage];
}

async function testStage(
  name: string,
  kind: TestKind,
  files: readonly TestFile[],
  env: NodeJS.ProcessEnv,
  { grep, jobs, ci, full }: TestOptions,
): Promise<readonly StageResult[]> {
  const selected = files.filter((file) => file.kind === kind);
  if (selected.length === 0) return [];
  say(`\n── ${name} (${selected.length} files)`);
  return [await runTests({ name, kind, files: selected, env, grep, jobs, ci, full, say })];
}

function coverageEnv({ coverage }: TestOptions): Readonly<Record<string, string>> {
  if (!coverage) return {};
  rmSync(COVERAGE_DIR, { recursive: true, force: true });
  return { NODE_V8_COVERAGE: join(COVERAGE_DIR, 'tmp') };
}

async function printCoverage(): Promise<void> {
  say('\n── coverage');
  if (!existsSync(join(COVERAGE_DIR, 'tmp'))) return say('  nothing ran');
  const { code, stdout, stderr } = await run(
    process.execPath,
    [join(ROOT, 'node_modules/c8/bin/c8.js'), 'report', '--temp-directory', join(COVERAGE_DIR, 'tmp')],
    { limitMs: 300_000 },
  );
  say(code === 0 ? stdout.trimEnd() : `  the report failed: ${stderr.trim()}`);
}

endChildrenOnSignal();
try {
  const args = process.argv.slice(2);
  if (args.includes('--help')) say(TEST_HELP);
  else process.exitCode = await main(parseTestOptions(args, process.env));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
