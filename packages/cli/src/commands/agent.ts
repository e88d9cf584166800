import type { Command } from 'commander';
import { requireInteger, withSystemIo } from '../io.js';

interface Flags {
  readonly port: string;
  readonly host: string;
  readonly quiet?: true;
}

const run = async ({ port, host, quiet }: Flags): Promise<void> => {
  const options = { port: requireInteger('--port', port, 0, 65_535), host, quiet: quiet === true };
  const { runAgent } = await import('./agent/run-agent.js');
  await withSystemIo((io) => runAgent(options, io));
};

/** Adds `breakwater agent`. */
export const register = (program: Command): void => {
  program
    .command('agent')
    .description('Run a small Consul-compatible agent until Ctrl-C: a registry for development that needs no install.')
    .option('--port <number>', 'port to listen on; 0: any free one', '8500')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--quiet', 'print the address only, not what is registered')
    .action(run);
};
