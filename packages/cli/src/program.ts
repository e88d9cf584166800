import { createRequire } from 'node:module';
import { ConfigError } from '@breakwater/core';
import { Command, CommanderError } from 'commander';
import { register as registerAgent } from './commands/agent.js';
import { register as registerCall } from './commands/call.js';
import { register as registerConfig } from './commands/config.js';
import { register as registerGenerate } from './commands/generate.js';
import { register as registerServices } from './commands/services.js';
import { CliError, ReportedError } from './errors.js';

const require = createRequire(import.meta.url);

/** One per file in `commands/`: adds its command, with options and action, to the program. */
export type Register = (program: Command) => void;

const COMMANDS: readonly Register[] = [registerGenerate, registerCall, registerServices, registerAgent, registerConfig];

/** The whole command line, ready to parse. It throws CommanderError instead of ending the process. */
export const createProgram = (): Command => {
  const { version } = require('../package.json') as { readonly version: string };
  const program = new Command('breakwater')
    .description('Typed gRPC services from .proto files: generate code, call and list services.')
    .version(version)
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true });
  for (const register of COMMANDS) register(program);
  return program;
};

const describe = (error: unknown): string => {
  if (error instanceof CliError && error.remedy !== undefined) return `error: ${error.message}\n${error.remedy}`;
  if (error instanceof CliError || error instanceof ConfigError) return `error: ${error.message}`;
  const text = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error && process.env['BREAKWATER_DEBUG'] !== undefined ? `\n${error.stack ?? ''}` : '';
  return `error: ${text}${stack === '' ? '\nSet BREAKWATER_DEBUG=1 to see where this comes from.' : stack}`;
};

/**
 * Runs one command line to its end and prints what went wrong, readable and without a stack trace.
 *
 * @param args without node and script @returns 0 done, 1 failed, 2 the command line itself was wrong
 */
export const runCli = async (args: readonly string[]): Promise<number> => {
  try {
    await createProgram().parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    // commander has printed its message already; help and --version arrive here too, with exit code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof ReportedError)) console.error(describe(error));
    return error instanceof CliError ? error.exitCode : 1;
  }
};
