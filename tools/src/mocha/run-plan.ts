import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { endGroup, exitCode, groupMembers, start } from '../child-process.js';
import { ROOT } from '../repo.js';
import type { TestEvent, TestPlan, Where } from './events.js';

/** Time without any event that is allowed while files load, and beyond a test's own limit. */
const LOAD_LIMIT_MS = 90_000;
const GRACE_MS = 20_000;
const EXIT_LIMIT_MS = 10_000;
/** For a test that switched its limit off. */
const UNLIMITED_MS = 10 * 60_000;
const OUTPUT_TAIL_CHARS = 6000;

export interface TestFailure extends Where {
  readonly detail: string;
}

/** What became of one test process. */
export interface PlanResult {
  readonly passed: readonly (Where & { readonly tookMs: number })[];
  readonly failed: readonly TestFailure[];
  /** `notice`: what the test said about a server that it lacks, `skipped: NAME: …` or `absent: NAME, …`. */
  readonly skipped: readonly (Where & { readonly notice?: string })[];
  readonly retried: readonly Where[];
  readonly tookMs: number;
}

export interface RunPlanOptions {
  readonly env: NodeJS.ProcessEnv;
  /** The whole process may take this long. */
  readonly limitMs: number;
  readonly onEvent?: (event: TestEvent) => void;
  /** The script that runs the plan; tests of this file give their own. */
  readonly child?: string;
  readonly graceMs?: number;
  readonly exitLimitMs?: number;
}

/**
 * Runs a plan in a process group of its own and never hangs: a test that does not end, a file that does not load, a process that
 * crashes or does not exit after its tests is ended, and becomes a failure that names the test.
 */
export function runPlan(plan: TestPlan, options: RunPlanOptions): Promise<PlanResult> {
  const {
    env,
    limitMs,
    onEvent,
    child: script = join(ROOT, 'tools/dist/mocha/child.js'),
    graceMs = GRACE_MS,
    exitLimitMs = EXIT_LIMIT_MS,
  } = options;
  return new Promise((resolve) => {
    const startedAt = performance.now();
    const passed: (Where & { tookMs: number })[] = [];
    const failed: TestFailure[] = [];
    const skipped: (Where & { notice?: string })[] = [];
    const retried: Where[] = [];
    const nowhere: Where = { file: plan.files.length === 1 ? (plan.files[0] ?? '') : '', title: 'loading the files' };
    let current: Where | undefined;
    let ended = false;
    let open: readonly string[] = [];
    let killedFor: string | undefined;
    let leftBehind: readonly string[] = [];
    let output = '';
    let partial = '';
    let watchdog: NodeJS.Timeout | undefined;

    const child = start(process.execPath, ['--enable-source-maps', script, JSON.stringify(plan)], {
      env,
      extraPipe: true,
    });
    const kill = (reason: string): void => {
      killedFor ??= reason;
      endGroup(child, 'SIGKILL');
    };
    const expectWithin = (ms: number, reason: string): void => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => kill(reason), ms);
    };
    const total = setTimeout(() => kill(`ended: its process took longer than ${limitMs / 1000} s in all`), limitMs);
    expectWithin(LOAD_LIMIT_MS, `ended: the files did not load within ${LOAD_LIMIT_MS / 1000} s`);

    const receive = (event: TestEvent): void => {
      onEvent?.(event);
      switch (event.kind) {
        case 'begin': {
          current = { file: event.file, title: event.title };
          const limit = (event.timeoutMs === 0 ? UNLIMITED_MS : event.timeoutMs) + graceMs;
          expectWithin(
            limit,
            `hung: no end after ${limit / 1000} s, its own limit of ${event.timeoutMs} ms could not stop it`,
          );
          break;
        }
        case 'pass':
          passed.push({ file: event.file, title: event.title, tookMs: event.tookMs });
          break;
        case 'fail':
          failed.push({ file: event.file, title: event.title, detail: event.detail });
          break;
        case 'skip':
          skipped.push({
            file: event.file,
            title: event.title,
            ...(event.notice === undefined ? {} : { notice: event.notice }),
          });
          break;
        case 'retry':
          retried.push({ file: event.file, title: event.title });
          break;
        case 'end':
          ended = true;
          expectWithin(exitLimitMs, 'the process did not exit after its last test');
          break;
        case 'open':
          open = event.resources;
          break;
        case 'loaded':
          expectWithin(UNLIMITED_MS, 'hung between two tests');
          break;
      }
    };

    (child.stdio[3] as Readable).setEncoding('utf8').on('data', (text: string) => {
      const lines = (partial + text).split('\n');
      partial = lines.pop() ?? '';
      for (const line of lines) receive(JSON.parse(line) as TestEvent);
    });
    const collect = (text: string): void => {
      output = (output + text).slice(-OUTPUT_TAIL_CHARS);
    };
    child.stdout?.setEncoding('utf8').on('data', collect);
    child.stderr?.setEncoding('utf8').on('data', collect);

    const finish = (code: number): void => {
      clearTimeout(watchdog);
      clearTimeout(total);
      if (leftBehind.length > 0 && killedFor === undefined)
        failed.push({
          ...(current ?? nowhere),
          title: 'after the last test',
          detail: `processes were left running: ${leftBehind.join('; ')}`,
        });
      const tail = output.trim() === '' ? '' : `\noutput of the process:\n${output.trim()}`;
      if (ended && killedFor !== undefined)
        failed.push({
          file: nowhere.file || (current?.file ?? ''),
          title: 'after the last test',
          detail: `${killedFor}; still open: ${summarize(open)}`,
        });
      else if (killedFor !== undefined) failed.push({ ...(current ?? nowhere), detail: `${killedFor}${tail}` });
      else if (!ended)
        failed.push({
          ...(current ?? nowhere),
          detail: `the process ended (exit code ${code}) in the middle of it${tail}`,
        });
      else if (code !== 0 && failed.length === 0)
        failed.push({
          ...(current ?? nowhere),
          title: 'after the last test',
          detail: `the process ended with exit code ${code}${tail}`,
        });
      else if (failed.length > 0 && tail !== '')
        failed[failed.length - 1] = {
          ...(failed.at(-1) as TestFailure),
          detail: `${(failed.at(-1) as TestFailure).detail}${tail}`,
        };
      resolve({ passed, failed, skipped, retried, tookMs: performance.now() - startedAt });
    };
    child.once('error', (error) => {
      killedFor = `could not start: ${error.message}`;
      finish(1);
    });
    // 'close' waits for the pipes, which a process left behind by a test may hold for ever.
    child.once('exit', () => {
      setTimeout(() => {
        leftBehind = groupMembers(child);
        endGroup(child, 'SIGKILL');
        setTimeout(() => child.stdio.forEach((stream) => stream?.destroy()), 500).unref();
      }, 300);
    });
    child.once('close', (code, signal) => finish(exitCode(code, signal)));
  });
}

/** `['Timeout', 'TCPSocketWrap', 'Timeout']` -> `2 x Timeout, TCPSocketWrap`. */
function summarize(resources: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of resources) if (name !== 'PipeWrap') counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count === 1 ? name : `${count} x ${name}`)).join(', ') || 'unknown';
}
