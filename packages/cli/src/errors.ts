/**
 * A request that cannot be met as stated: a broken proto, a missing folder, an option out of its domain.
 * The command line prints `error: <message>`, then the remedy, and never a stack trace.
 */
export class CliError extends Error {
  override readonly name = 'CliError';
  /** What to change so that it works; one sentence or several lines. */
  readonly remedy: string | undefined;
  /** 1: the work failed; 2: the command line itself was wrong. */
  readonly exitCode: 1 | 2;

  constructor(
    message: string,
    options: { readonly remedy?: string; readonly exitCode?: 1 | 2; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.remedy = options.remedy;
    this.exitCode = options.exitCode ?? 1;
  }
}

/** A failure that the command has printed already, in its own form; the exit code is all that is left to say. */
export class ReportedError extends Error {
  override readonly name = 'ReportedError';
}
