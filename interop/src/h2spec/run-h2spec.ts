import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../testing/run-program.js';
import { type H2Verdict, parseJunit } from './junit.js';

export interface H2specRun {
  /** Path of `h2spec`. */
  readonly binary: string;
  /** On 127.0.0.1, plaintext HTTP/2, answering GET and POST of `/` with some hundred bytes of DATA. */
  readonly port: number;
  /** `generic`, `http2`, `hpack`, or a section of them such as `http2/5.1`; default: all. */
  readonly sections?: readonly string[];
  /** A case that waits longer for an answer has failed. Default 2. */
  readonly timeoutSeconds?: number;
}

const LIMIT_MS = 120_000;

/** Runs h2spec against a server. @throws Error when it does not end or reports nothing */
export async function runH2spec({ binary, port, sections = [], timeoutSeconds = 2 }: H2specRun): Promise<H2Verdict> {
  const dir = mkdtempSync(join(tmpdir(), 'breakwater-h2spec-'));
  try {
    const report = join(dir, 'report.xml');
    const flags = ['--host', '127.0.0.1', '--port', `${port}`, '--timeout', `${timeoutSeconds}`];
    const { output } = await runProgram(binary, [...sections, ...flags, '--junit-report', report], LIMIT_MS);
    try {
      return parseJunit(readFileSync(report, 'utf8'));
    } catch (error) {
      throw new Error(`${(error as Error).message}\noutput of h2spec:\n${output}`, { cause: error });
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
