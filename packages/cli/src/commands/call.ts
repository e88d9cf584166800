import { type Command, Option } from 'commander';
import { CliError } from '../errors.js';
import { requireInteger, withSystemIo } from '../io.js';

interface Flags {
  readonly data?: string;
  readonly proto: readonly string[];
  readonly include: readonly string[];
  readonly header: readonly string[];
  readonly timeout?: string;
  readonly plaintext?: true;
  readonly tls?: true;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly authority?: string;
  readonly json?: true;
  readonly verbose?: true;
}

/** 24 h, as everywhere. */
const MAX_TIMEOUT_MS = 86_400_000;

const run = async (target: string, path: string | undefined, flags: Flags): Promise<void> => {
  const timeoutMs =
    flags.timeout === undefined ? undefined : requireInteger('--timeout', flags.timeout, 1, MAX_TIMEOUT_MS);
  const { runCall } = await import('./call/run-call.js');
  await withSystemIo((io) =>
    runCall(
      {
        ...{
          target,
          path,
          timeoutMs,
          data: flags.data,
          protos: flags.proto,
          includes: flags.include,
          headers: flags.header,
        },
        ...{
          plaintext: flags.plaintext,
          tls: flags.tls,
          ca: flags.ca,
          cert: flags.cert,
          key: flags.key,
          authority: flags.authority,
        },
        ...{ json: flags.json === true, verbose: flags.verbose === true },
      },
      io,
    ),
  );
};

const list = (flags: string, description: string): Option =>
  new Option(flags, description)
    .argParser((one: string, before: readonly string[]) => [...before, one])
    .default([], 'none');

/** The last one would win, and the others be lost without a word. */
const onlyOnce = (data: string, before: string | undefined): string => {
  if (before === undefined) return data;
  throw new CliError('-d is given twice', {
    remedy: `Give a request stream all of its messages in one: -d '{"a": 1} {"a": 2}'.`,
    exitCode: 2,
  });
};

/** Adds `breakwater call`. */
export const register = (program: Command): void => {
  program
    .command('call')
    .description(
      'Call a method with JSON. Without a method: list the methods of a service; without a service: list the services.',
    )
    .argument('<target>', 'consul:///payments, host:port, static:///a:1,b:2, dns:///host:port')
    .argument('[path]', 'package.Service/Method')
    .addOption(
      new Option(
        '-d, --data <json>',
        'request as JSON, @file, or - for standard input; for a request stream, its messages one after the other in it',
      ).argParser(onlyOnce),
    )
    .addOption(list('--proto <file>', 'take the types from this file instead of the server; may be repeated'))
    .addOption(list('--include <dir>', 'folder that imports of --proto are looked up in; may be repeated'))
    .addOption(list('-H, --header <"key: value">', 'metadata to send; bytes (-bin) as base64; may be repeated'))
    .option('--timeout <ms>', 'total time of the call (default: 5000, none for response streams)')
    .option('--plaintext', 'no TLS (the default)')
    .option('--tls', 'TLS; implied by the next three')
    .option('--ca <file>', 'certificate authorities to trust, PEM')
    .option('--cert <file>', 'client certificate, PEM')
    .option('--key <file>', 'its key, PEM')
    .option('--authority <name>', 'name to send and to verify instead of that of the target')
    .option('--json', 'for programs: one line of JSON per message, errors as JSON on standard error')
    .option('-v, --verbose', 'headers and trailers too, on standard error')
    .action(run);
};
