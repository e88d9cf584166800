import { createRuntime, type Runtime } from '@breakwater/core';
import { consul } from '@breakwater/consul';
import type { Registry } from '@breakwater/discovery';
import type { Service, ServiceOptions } from '@breakwater/service';
import type { OptionSpec, OptionSpecs, OptionValues } from './command-line.js';
import { endWithParent, forwardEvents, tellParent } from './parent.js';

/** Options that every service of the shop understands. */
export const SERVICE_OPTIONS = {
  host: { type: 'string', about: 'address to listen on', placeholder: 'ADDRESS', default: '127.0.0.1' },
  port: {
    type: 'number',
    about: 'port to listen on, 0 for any free one',
    default: 0,
    min: 0,
    max: 65_535,
    integer: true,
  },
  registry: {
    type: 'string',
    about: 'the Consul agent, real or `breakwater agent`; default: CONSUL_HTTP_ADDR, or 127.0.0.1:8500',
    placeholder: 'HOST:PORT',
  },
  'no-registry': { type: 'boolean', about: 'announce this instance nowhere' },
  tag: { type: 'string', about: 'announce this instance with a tag, for targets such as consul:///payments?tag=TAG' },
  'heartbeat-ttl-ms': {
    type: 'number',
    about: 'a silent instance is given up after this long',
    default: 15_000,
    min: 1000,
    max: 3_600_000,
  },
  'propagation-wait-ms': {
    type: 'number',
    about: 'on shutdown, how long to go on serving after leaving the registry',
    default: 1000,
    min: 0,
    max: 60_000,
  },
} as const satisfies OptionSpecs;

/** The option that names an instance among those that share a folder. */
export const INSTANCE_OPTION = {
  type: 'string',
  about: 'name of this instance, unique in the folder',
  placeholder: 'NAME',
  default: 'main',
  pattern: { match: /^[a-zA-Z0-9._-]{1,64}$/, words: 'letters, digits, ".", "_" and "-"' },
} as const satisfies OptionSpec;

export type CommonOptions = OptionValues<typeof SERVICE_OPTIONS>;

/** What the clients of a process need: where names are looked up, and who hears of policy events. */
export interface ShopRuntime {
  readonly runtime: Runtime;
  /** Also for the lookups of a process that announces itself nowhere. */
  readonly registry: Registry;
}

/** The registry and the runtime of a process. Policy events go to the parent process, when there is one. */
export function shopRuntime(options: CommonOptions): ShopRuntime {
  const runtime = createRuntime();
  forwardEvents(runtime.events);
  const address = options.registry ?? process.env['CONSUL_HTTP_ADDR'];
  const token = process.env['CONSUL_HTTP_TOKEN'];
  const registry = consul({
    ...(address === undefined || address === '' ? {} : { address }),
    ...(token === undefined || token === '' ? {} : { token }),
    heartbeat: { ttlMs: options['heartbeat-ttl-ms'] },
  });
  return { runtime, registry };
}

/** The options of `createService` that follow from the command line. */
export function serviceOptions(
  name: string,
  options: CommonOptions,
  { runtime, registry }: ShopRuntime,
): ServiceOptions {
  return {
    name,
    host: options.host,
    port: options.port,
    runtime,
    ...(options['no-registry'] ? {} : { registry }),
    ...(options.tag === undefined ? {} : { tags: [options.tag] }),
    lifecycle: { propagationWaitMs: options['propagation-wait-ms'] },
  };
}

/** Starts the service and says so to the parent process. It runs until SIGTERM or SIGINT, or until the parent is gone. */
export async function serveUntilStopped(service: Service): Promise<void> {
  endWithParent();
  const { host, port } = await service.start();
  tellParent({ kind: 'ready', host, port });
}
