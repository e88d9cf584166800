/**
 * Runs mocha over the files of a plan in this process and reports every step to the parent on file descriptor 3.
 * The parent (run-plan.ts) starts it. It never calls process.exit: a process that lives on after its tests leaks something, and the parent says what.
 */
import { writeSync } from 'node:fs';
import { inspect } from 'node:util';
import fc from 'fast-check';
import Mocha from 'mocha';
import { EVENT_FD, type TestEvent, type TestPlan } from './events.js';

const LINGER_MS = 3000;

function send(event: TestEvent): void {
  let rest = Buffer.from(`${JSON.stringify(event)}\n`);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(EVENT_FD, rest));
    } catch (error) {
      // A full pipe: the parent empties it.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

const where = (runnable: Mocha.Runnable, file = ''): { file: string; title: string } => ({
  file: runnable.file ?? runnable.parent?.file ?? file,
  title: runnable.titlePath().join(' › '),
});

/** The error as people want to read it: message, difference, causes, and only frames of this repo. */
function detail(error: unknown): string {
  const text = error instanceof Error ? inspect(error, { depth: 5 }) : `thrown: ${inspect(error, { depth: 5 })}`;
  return text
    .split('\n')
    .filter((line) => !/^\s+at .*(?:node_modules\/mocha|node:internal)/.test(line))
    .join('\n');
}

/** What suites and tests printed about servers that they lack, as `requireServer` does just before it skips. */
const notices = new Map<Mocha.Suite | Mocha.Runnable, string>();

/** A hook that runs once speaks for its suite, one before each test for that test. */
function owner(runnable: Mocha.Runnable): Mocha.Suite | Mocha.Runnable {
  const { type, ctx, parent, title } = runnable as Mocha.Runnable & { type?: string };
  if (type !== 'hook') return runnable;
  return (title.startsWith('"before each"') ? ctx?.currentTest : parent) ?? runnable;
}

/** Listens to standard output for notices of the runnable that is at work. */
function watchNotices(current: () => Mocha.Runnable | undefined): void {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = (chunk: string | Uint8Array, ...rest: never[]): boolean => {
    const runnable = current();
    const line = typeof chunk === 'string' ? /^(?:skipped|absent): .*$/m.exec(chunk)?.[0] : undefined;
    if (line !== undefined && runnable !== undefined) notices.set(owner(runnable), line.trim());
    return write(chunk, ...rest);
  };
}

/** The notice of a test, or of the nearest suite around it. */
function noticeOf(test: Mocha.Runnable): { notice?: string } {
  let notice = notices.get(test);
  for (let suite = test.parent; notice === undefined && suite !== undefined; suite = suite.parent)
    notice = notices.get(suite);
  return notice === undefined ? {} : { notice };
}

/** Translates mocha's events; prints nothing itself. */
class EventReporter {
  constructor(runner: Mocha.Runner) {
    const { constants } = Mocha.Runner;
    // Mocha leaves `file` empty on root hooks; the file that is running is the next best.
    let current = '';
    let running: Mocha.Runnable | undefined;
    watchNotices(() => running);
    const begin = (runnable: Mocha.Runnable): void => {
      const place = where(runnable, current);
      current = place.file;
      running = runnable;
      send({ kind: 'begin', timeoutMs: runnable.timeout(), ...place });
    };
    runner.on(constants.EVENT_TEST_BEGIN, begin);
    runner.on(constants.EVENT_HOOK_BEGIN, begin);
    runner.on(constants.EVENT_TEST_PASS, (test) =>
      send({ kind: 'pass', tookMs: test.duration ?? 0, ...where(test, current) }),
    );
    runner.on(constants.EVENT_TEST_FAIL, (test, error) =>
      send({ kind: 'fail', detail: detail(error), ...where(test, current) }),
    );
    runner.on(constants.EVENT_TEST_PENDING, (test) =>
      send({ kind: 'skip', ...noticeOf(test), ...where(test, current) }),
    );
    runner.on(constants.EVENT_TEST_RETRY, (test, error: unknown) =>
      send({ kind: 'retry', detail: detail(error), ...where(test as Mocha.Test, current) }),
    );
  }
}

async function main(plan: TestPlan): Promise<void> {
  if (plan.propertyRuns !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), numRuns: plan.propertyRuns });
  const mocha = new Mocha({
    ui: 'bdd',
    timeout: plan.timeoutMs,
    forbidOnly: true,
    reporter: EventReporter as unknown as Mocha.ReporterConstructor,
  });
  if (plan.grep !== undefined) mocha.grep(new RegExp(plan.grep));
  for (const file of plan.files) {
    mocha.files = [file];
    try {
      // One by one, so that an error while loading belongs to its file and the others still run.
      await mocha.loadFilesAsync();
    } catch (error) {
      send({ kind: 'fail', file, title: 'loading the file', detail: detail(error) });
    }
  }
  mocha.files = [];
  send({ kind: 'loaded', total: mocha.suite.total() });
  mocha.run((failures) => {
    process.exitCode = failures === 0 ? 0 : 1;
    send({ kind: 'end' });
    setTimeout(() => send({ kind: 'open', resources: process.getActiveResourcesInfo() }), LINGER_MS).unref();
  });
}

await main(JSON.parse(process.argv[2] ?? '{}') as TestPlan);
