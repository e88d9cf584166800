import type { Command } from 'commander';
import { Option } from 'commander';
import { CliError } from '../errors.js';
import type { GenerateOptions, GenerateResult } from '../generate/generate.js';

interface Flags {
  readonly proto: string;
  readonly out: string;
  readonly include: readonly string[];
  readonly watch?: true;
  readonly check?: true;
}

const list = (title: string, files: readonly string[]): readonly string[] => files.map((file) => `  ${title} ${file}`);

const quote = (word: string): string => (/^[\w./@:-]+$/.test(word) ? word : JSON.stringify(word));

const commandLine = ({ protoDir, outDir, includeDirs = [] }: GenerateOptions): string =>
  [
    'npx breakwater generate',
    '--proto',
    quote(protoDir),
    '--out',
    quote(outDir),
    ...includeDirs.flatMap((dir) => ['--include', quote(dir)]),
  ].join(' ');

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const report = (
  options: GenerateOptions,
  { files, protos, missing, differing, stale, fresh, warnings }: GenerateResult,
): void => {
  for (const warning of warnings) console.error(warning);
  const content = `${counted(files.length, 'file')} from ${counted(protos.length, 'proto')}`;
  if (fresh) console.log(`${options.outDir} is up to date: ${content}`);
  else
    console.log(
      `generated ${content} into ${options.outDir}: ${missing.length + differing.length} written, ${stale.length} removed`,
    );
};

const refuse = (options: GenerateOptions, { missing, differing, stale }: GenerateResult): CliError =>
  new CliError(
    [
      `${options.outDir} is not what the protos give`,
      ...list('missing', missing),
      ...list('differs', differing),
      ...list('stale  ', stale),
    ].join('\n'),
    { remedy: `Run: ${commandLine(options)}` },
  );

const run = async (flags: Flags): Promise<void> => {
  const options = { protoDir: flags.proto, outDir: flags.out, includeDirs: flags.include };
  if (flags.watch === true && flags.check === true) {
    throw new CliError('--watch and --check exclude each other', { remedy: 'Use one of them.', exitCode: 2 });
  }
  if (flags.watch === true) return watch(options);
  const { generate } = await import('../generate/generate.js');
  const result = await generate({ ...options, check: flags.check === true });
  if (flags.check === true && !result.fresh) throw refuse(options, result);
  report(options, result);
};

/** Until SIGINT or SIGTERM. */
const watch = async (options: GenerateOptions): Promise<void> => {
  const { watchProtos } = await import('../generate/watch.js');
  const stop = new AbortController();
  const end = (): void => stop.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  try {
    await watchProtos(options, {
      signal: stop.signal,
      onResult: (result) => report(options, result),
      onError: (error) => {
        console.error(
          `error: ${error.message}${error instanceof CliError && error.remedy !== undefined ? `\n${error.remedy}` : ''}`,
        );
      },
      onReady: () => console.log(`watching ${options.protoDir} (Ctrl-C ends)`),
    });
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
};

const collect = (dir: string, dirs: readonly string[]): readonly string[] => [...dirs, dir];

/** Adds `breakwater generate`. */
export const register = (program: Command): void => {
  program
    .command('generate')
    .description(
      'Generate TypeScript from every .proto in a folder: messages, service definitions, typed servers and clients.',
    )
    .option('--proto <dir>', 'root of the .proto files', 'proto')
    .option('--out <dir>', 'folder that receives the TypeScript', 'src/gen')
    .addOption(
      new Option('--include <dir>', 'one more folder to look imports up in; may be repeated')
        .argParser(collect)
        .default([], 'none'),
    )
    .option('--watch', 'generate again whenever a .proto changes')
    .option('--check', 'write nothing; exit 1 when the output folder is not up to date')
    .action(run);
};
