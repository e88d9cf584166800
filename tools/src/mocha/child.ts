/**
 * Runs mocha over the files of a plan in this process and reports every step to the parent on file descriptor 3.
 * The parent (run-plan.ts) starts it. It never calls process.exit: a process that lives on after its tests leaks something, and the parent says what.
 */
import { writeSync } from 'node:fs';
import { inspect } from 'node:util';
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

/** Translates mocha's events; prints nothing itself. */
class EventReporter {
  constructor(runner: Mocha.Runner) {
    const { constants } = Mocha.Runner;
    // Mocha leaves `file` empty on root hooks; the file that is running is the next best.
    let current = '';
    const begin = (runnable: Mocha.Runnable): void => {
      const place = where(runnable, current);
      current = place.file;
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
    runner.on(constants.EVENT_TEST_PENDING, (test) => send({ kind: 'skip', ...where(test, current) }));
    runner.on(constants.EVENT_TEST_RETRY, (test, error: unknown) =>
      send({ kind: 'retry', detail: detail(error), ...where(test as Mocha.Test, current) }),
    );
  }
}

async function main(plan: TestPlan): Promise<void> {
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
