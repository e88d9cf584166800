import { parseArgs } from 'node:util';
import { nearest } from './nearest.js';

/** What `npm test -- …` can be told. */
export interface TestOptions {
  /** Also fuzz, soak and everything named `*.full.*`. */
  readonly full: boolean;
  readonly grep: string | undefined;
  /** Folders, files or file names; empty: everything. */
  readonly only: readonly string[];
  readonly installServers: boolean;
  readonly coverage: boolean;
  /** Test processes at a time. */
  readonly jobs: number;
  readonly ci: boolean;
}

const SPEC = {
  full: { type: 'boolean' },
  grep: { type: 'string' },
  only: { type: 'string', multiple: true },
  'install-servers': { type: 'boolean' },
  coverage: { type: 'boolean' },
  jobs: { type: 'string' },
} as const;

/** What `npm test -- --help` prints. */
export const TEST_HELP = `npm test [-- OPTIONS]: every check and test. Exits with 1 when one fails.

Options:
  --only PATH        tests below this folder, or of this file, and no checks; may be repeated
  --grep REGEXP      tests whose title matches, and no checks
  --full             also fuzz, soak and everything named *.full.*
  --jobs N           test processes at a time (default 2)
  --coverage         what the tests cover, as a report in coverage/
  --install-servers  also fetch the servers that take minutes to build
  --help             show this`;

/** @throws Error for an unknown option (naming the nearest), a missing value, or a value out of range */
export function parseTestOptions(args: readonly string[], env: NodeJS.ProcessEnv): TestOptions {
  for (const arg of args) {
    const name = /^--([^=]+)/.exec(arg)?.[1];
    if (name !== undefined && !(name in SPEC))
      throw new Error(
        `unknown option '--${name}', did you mean '--${nearest(name, Object.keys(SPEC))}'? Known: ${Object.keys(SPEC)
          .map((known) => `--${known}`)
          .join(' ')}`,
      );
  }
  const { values } = parseArgs({ args: [...args], options: SPEC, strict: true, allowPositionals: false });
  const jobs = Number(values.jobs ?? 2);
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > 64)
    throw new Error(`--jobs is '${values.jobs}': it must be a whole number from 1 to 64`);
  if (values.grep !== undefined) {
    try {
      new RegExp(values.grep);
    } catch (error) {
      throw new Error(`--grep is '${values.grep}', which is not a regular expression: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
  return {
    full: values.full ?? false,
    grep: values.grep,
    only: values.only ?? [],
    installServers: values['install-servers'] ?? false,
    coverage: values.coverage ?? false,
    jobs,
    ci: isCi(env),
  };
}

/** CI is on for any value but the usual ways to say no. */
export const isCi = (env: NodeJS.ProcessEnv): boolean =>
  !['', '0', 'false', 'no'].includes((env['CI'] ?? '').toLowerCase());
