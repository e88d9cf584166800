import { CliError } from './errors.js';

/** What a command has of the world around it. */
export interface Io {
  /** One line, or several, to standard output. */
  readonly out: (text: string) => void;
  /** The same to standard error: what is not the result. */
  readonly err: (text: string) => void;
  /** Standard input, as it comes. */
  readonly input: AsyncIterable<Uint8Array | string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Fires when the user wants the command to end. */
  readonly signal: AbortSignal;
}

/**
 * Runs a command with the process as its world; SIGINT and SIGTERM fire the signal, a second one ends the process at
 * once. A reader that went away (`breakwater services | head -1`) ends the process without a word.
 */
export async function withSystemIo(work: (io: Io) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stop.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143);
    stop.abort();
  };
  const onPipeError = (error: NodeJS.ErrnoException): void => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  process.stdout.on('error', onPipeError);
  let reads = false;
  try {
    await work({
      out: (text) => void process.stdout.write(`${text}\n`),
      err: (text) => void process.stderr.write(`${text}\n`),
      get input() {
        reads = true;
        return process.stdin;
      },
      env: process.env,
      signal: stop.signal,
    });
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    process.stdout.off('error', onPipeError);
    // Nobody reads on; an open terminal or pipe would keep the process alive.
    if (reads) process.stdin.destroy();
  }
}

/** Resolves when the signal fires. */
export const untilStopped = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** A number given on the command line. @throws CliError (exit code 2) naming option, value and range */
export function requireInteger(option: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new CliError(`${option} is ${JSON.stringify(text)}, but must be an integer from ${min} to ${max}`, {
    exitCode: 2,
  });
}
