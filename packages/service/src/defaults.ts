import { createRuntime, type Runtime } from '@breakwater/core';
import { consul } from '@breakwater/consul';
import { dnsRegistry, type Registry, staticRegistry } from '@breakwater/discovery';
import type { Transport } from '@breakwater/rpc';
import { DEFAULT_TRANSPORT, transportNamed } from './transports.js';

/**
 * What clients and services of this process use unless they are told otherwise. Made at first use, closed by
 * `closeDefaults`.
 */
let runtime: Runtime | undefined;
let registries: readonly [consul: Registry, ...others: Registry[]] | undefined;

/** One runtime for the process, so that a listener to its events hears of every client and service. */
export const defaultRuntime = (): Runtime => {
  runtime ??= createRuntime();
  return runtime;
};

/** Our own HTTP/2, see `@breakwater/wire`. */
export const defaultTransport = (): Transport => transportNamed(DEFAULT_TRANSPORT);

/** Consul at `CONSUL_HTTP_ADDR` (token `CONSUL_HTTP_TOKEN`) or 127.0.0.1:8500, `static:///...` and `dns:///...`. */
export const defaultRegistries = (): readonly [consul: Registry, ...others: Registry[]] => {
  registries ??= [consul(consulEnvironment()), staticRegistry(), dnsRegistry()];
  return registries;
};

/** The Consul among them. */
export const defaultConsul = (): Registry => defaultRegistries()[0];

/**
 * Ends the default registries' watches, and with them what a process that has closed its clients still has open. They are
 * made anew at next use. Not needed to let a process end: watches do not keep it alive.
 */
export async function closeDefaults(): Promise<void> {
  const open = registries ?? [];
  registries = undefined;
  await Promise.all(open.map((registry) => registry.close()));
}

function consulEnvironment(): { address?: string; token?: string } {
  const { CONSUL_HTTP_ADDR: address, CONSUL_HTTP_TOKEN: token } = process.env;
  return {
    ...(address === undefined || address === '' ? {} : { address }),
    ...(token === undefined || token === '' ? {} : { token }),
  };
}
