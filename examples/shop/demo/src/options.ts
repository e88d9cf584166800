import { parseCommandLine } from '@breakwater-examples/shop-common';

/** What `npm run demo` can be told. */
export interface DemoOptions {
  /** Length of the load timeline; starting and settling come on top. */
  readonly durationMs: number;
  /** Orders per second in the steady phase. */
  readonly rate: number;
  /** End with one JSON line. */
  readonly json: boolean;
  /** Stay up after the timeline. */
  readonly keep: boolean;
  /** False: the bank charges a repeated idempotency key again, and the audit has to find it. */
  readonly dedupe: boolean;
  /** `CONSUL_HTTP_ADDR`; undefined: an embedded agent in a process of its own. */
  readonly consul: string | undefined;
}

/** @throws UsageError for options that cannot be used, HelpRequested for --help */
export function parseDemoOptions(args: readonly string[], env: NodeJS.ProcessEnv): DemoOptions {
  const values = parseCommandLine(
    'demo: the shop under load, while things break. Exits with 1 when the shop did not survive as it should.',
    {
      duration: {
        type: 'number',
        about: 'length of the load timeline',
        placeholder: 'SECONDS',
        default: 45,
        min: 10,
        max: 3600,
      },
      rate: { type: 'number', about: 'orders per second in the steady phase', default: 20, min: 10, max: 200 },
      json: { type: 'boolean', about: 'end with one line of JSON' },
      keep: { type: 'boolean', about: 'stay up after the timeline, until Ctrl-C' },
      'no-dedupe': { type: 'boolean', about: 'let the bank charge repeated requests again, to see the audit fail' },
    },
    args,
  );
  const consul = env['CONSUL_HTTP_ADDR'];
  return {
    durationMs: values.duration * 1000,
    rate: values.rate,
    json: values.json,
    keep: values.keep,
    dedupe: !values['no-dedupe'],
    consul: consul === '' ? undefined : consul,
  };
}
