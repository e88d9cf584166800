import { consul } from '@breakwater/consul';
import { ConfigError } from '@breakwater/core';
import type { Registry } from '@breakwater/discovery';
import { CliError } from '../../errors.js';
import { registryRemedy } from '../registry-remedy.js';

/** A registry with what decided on its address, for messages. */
export interface OpenRegistry {
  readonly registry: Registry;
  /** Such as `--registry`, `CONSUL_HTTP_ADDR`, or `the default`. */
  readonly source: string;
}

/**
 * The Consul agent that the command line names, or else that of the environment (`CONSUL_HTTP_ADDR`,
 * `CONSUL_HTTP_TOKEN`), or 127.0.0.1:8500.
 * @throws CliError (exit code 2) for an address that is none
 */
export function openRegistry(
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): OpenRegistry {
  const fromEnv = env.CONSUL_HTTP_ADDR === '' ? undefined : env.CONSUL_HTTP_ADDR;
  const source = given !== undefined ? '--registry' : fromEnv !== undefined ? 'CONSUL_HTTP_ADDR' : 'the default';
  const address = given?.replace(/^consul:\/\/([^/]+)\/*$/, '$1') ?? fromEnv;
  const token = env.CONSUL_HTTP_TOKEN;
  try {
    const registry = consul({
      ...(address === undefined ? {} : { address }),
      ...(token === undefined || token === '' ? {} : { token }),
    });
    return { registry, source };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CliError(`${source} is ${JSON.stringify(address)}, but must be ${error.allowed}`, {
      exitCode: given === undefined ? 1 : 2,
      cause: error,
    });
  }
}

/** The error for a registry that does not answer: which address, what decided on it, and what to do. */
export function unreachable(registry: Registry, source: string, cause: unknown): CliError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const from = source === 'the default' ? 'the default, as CONSUL_HTTP_ADDR is not set' : `from ${source}`;
  return new CliError(`${registry.description} (${from}) cannot be asked: ${reason}`, {
    remedy: registryRemedy(cause, 'CONSUL_HTTP_ADDR or --registry'),
    cause,
  });
}
