import type { Command } from 'commander';
import { withSystemIo } from '../io.js';

interface Flags {
  readonly service?: string;
  readonly target?: string;
  readonly method?: string;
  readonly file?: string;
  readonly json?: true;
}

const show = async ({ service, target, method, file, json }: Flags): Promise<void> => {
  const { showConfig } = await import('./config/show-config.js');
  await withSystemIo(async (io) => showConfig({ service, target, method, file, json: json === true }, io));
};

/** Adds `breakwater config show`. */
export const register = (program: Command): void => {
  program
    .command('config')
    .description('Look at the configuration.')
    .command('show')
    .description('Print every setting with its effective value, its default and where the value comes from.')
    .option('--service <name>', 'the settings of this service')
    .option('--target <uri>', 'the settings of clients of this target, such as consul:///payments')
    .option('--method <name>', 'for one method: Authorize or shop.payments.v1.Payments/Authorize')
    .option('--file <path>', 'configuration file (default: $BREAKWATER_CONFIG)')
    .option('--json', 'one JSON document, with ranges and variables')
    .action(show);
};
