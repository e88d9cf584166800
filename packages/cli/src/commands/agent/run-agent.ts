import { type Agent, startAgent } from '@breakwater/agent';
import { ConfigError } from '@breakwater/core';
import { portHolder } from '@breakwater/grpc';
import { CliError } from '../../errors.js';
import { type Io, untilStopped } from '../../io.js';
import { followRegistrations } from './follow-registrations.js';

export interface AgentCommandOptions {
  readonly host: string;
  readonly port: number;
  readonly quiet: boolean;
}

/**
 * Serves until the signal fires. Prints the address, how to point programs at it, and one line per change of what is
 * registered.
 * @throws CliError when the port is taken, naming the option and the holder
 */
export async function runAgent({ host, port, quiet }: AgentCommandOptions, io: Io): Promise<void> {
  const agent = await start(host, port);
  try {
    io.out(`Consul-compatible agent at ${agent.address} (everything is held in memory; Ctrl-C ends it)`);
    io.out(`export CONSUL_HTTP_ADDR=${agent.address}`);
    if (quiet) await untilStopped(io.signal);
    else await followRegistrations(agent.address, { onChange: io.out, signal: io.signal });
  } finally {
    await agent.close();
  }
  io.out('agent closed');
}

async function start(host: string, port: number): Promise<Agent> {
  try {
    return await startAgent({ host, port });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const taken = (error.cause as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE';
    const holder = taken ? await portHolder(port) : undefined;
    if (!taken) throw new CliError(error.message, { cause: error });
    throw new CliError(`port ${port} on ${host} is taken${holder === undefined ? '' : `, ${holder}`}`, {
      remedy: 'Choose another with --port, or --port 0 for any free one.',
      cause: error,
    });
  }
}
