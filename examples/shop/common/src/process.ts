import { ConfigError, RpcError } from '@breakwater/core';
import { ListenError } from '@breakwater/rpc';
import { HelpRequested, UsageError } from './command-line.js';
import { JournalError } from './journal.js';

/**
 * Runs the `main` of a process and turns its failures into an exit code: 0 for --help, 2 for a command line or setting
 * that cannot be used, 1 for anything else. Failures that a user can do something about are shown without a stack.
 */
export async function runProcess(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    process.exitCode = report(error);
    // Whatever was opened before it failed must not keep the process alive.
    setImmediate(() => process.exit());
  }
}

function report(error: unknown): number {
  if (error instanceof HelpRequested) {
    console.log(error.message);
    return 0;
  }
  if (error instanceof UsageError || error instanceof ConfigError) {
    console.error(error.message);
    return 2;
  }
  if (error instanceof RpcError && error.reason === 'REGISTRY_UNAVAILABLE') {
    console.error(
      `${error.details}\nSet CONSUL_HTTP_ADDR to a running Consul agent, or start one: npx breakwater agent`,
    );
    return 1;
  }
  console.error(error instanceof ListenError || error instanceof JournalError ? error.message : error);
  return 1;
}
