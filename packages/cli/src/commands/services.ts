import type { Command } from 'commander';
import { withSystemIo } from '../io.js';

interface Flags {
  readonly registry?: string;
  readonly watch?: true;
  readonly json?: true;
}

const run = async (name: string | undefined, { registry, watch, json }: Flags): Promise<void> => {
  const { runServices } = await import('./services/run-services.js');
  await withSystemIo((io) => runServices({ name, registry, watch: watch === true, json: json === true }, io));
};

/** Adds `breakwater services`. */
export const register = (program: Command): void => {
  program
    .command('services')
    .description('List the services of the registry, or the instances of one.')
    .argument('[name]', 'a service: lists its instances')
    .option(
      '--registry <address>',
      'Consul agent: host:port, http://host:port or consul://host:port (default: $CONSUL_HTTP_ADDR or 127.0.0.1:8500)',
    )
    .option('--watch', 'go on and print again whenever something changes; Ctrl-C ends it')
    .option('--json', 'one JSON document per listing')
    .action(run);
};
