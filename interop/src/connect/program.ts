import { parseArgs } from 'node:util';
import type { Transport } from '@breakwater/rpc';
import { transportNamed } from '../transports.js';

/** What both programs under test begin with: the transport of `--transport`, and the end that the runner's SIGTERM asks for. */
export function programTransport(): Transport {
  process.on('SIGTERM', () => process.exit(0));
  const { values } = parseArgs({ options: { transport: { type: 'string' } } });
  return transportNamed(values.transport);
}
