import { nearest } from '@breakwater/core';
import { setTimeout as delay } from 'node:timers/promises';
import { type EndpointSet, parseTarget, type Registry, type ServiceSummary, type Watcher } from '@breakwater/discovery';
import { CliError } from '../../errors.js';
import { type Io } from '../../io.js';
import { table } from '../../table.js';
import { openRegistry, unreachable } from './open-registry.js';

export interface ServicesCommandOptions {
  readonly name: string | undefined;
  /** Where to look instead of CONSUL_HTTP_ADDR. */
  readonly registry: string | undefined;
  readonly watch: boolean;
  readonly json: boolean;
}

/** Consul has no blocking read of "all services with their health": asked again at this pace. */
const LIST_AGAIN_MS = 1000;

/**
 * Prints what the registry has: all services, or the instances of one. With `watch` until the signal fires.
 * @throws CliError when the registry cannot be reached, or there is no such service (naming the nearest)
 */
export async function runServices(options: ServicesCommandOptions, io: Io): Promise<void> {
  const { registry, source } = openRegistry(options.registry, io.env);
  try {
    if (options.name === undefined) await list(registry, source, options, io);
    else await showOne(registry, source, options.name, options, io);
  } finally {
    await registry.close();
  }
}

async function list(
  registry: Registry,
  source: string,
  { watch, json }: ServicesCommandOptions,
  io: Io,
): Promise<void> {
  let printed: string | undefined;
  for (;;) {
    const services = await registry.services().catch((error: unknown) => {
      throw unreachable(registry, source, error);
    });
    const text = json
      ? JSON.stringify({ registry: registry.description, services })
      : render(services, registry.description);
    if (text !== printed) io.out(printed === undefined || json ? text : `\n${text}`);
    printed = text;
    if (!watch) return;
    await delay(LIST_AGAIN_MS, undefined, { signal: io.signal }).catch(() => undefined);
    if (io.signal.aborted) return;
  }
}

function render(services: readonly ServiceSummary[], registry: string): string {
  if (services.length === 0) return `${registry} has no services`;
  return table(
    ['SERVICE', 'PASSING', 'TAGS'],
    services.map(({ name, passing, total, tags }) => [name, `${passing}/${total}`, tags.join(', ')]),
  );
}

async function showOne(
  registry: Registry,
  source: string,
  name: string,
  { watch, json }: ServicesCommandOptions,
  io: Io,
): Promise<void> {
  const watcher = registry.watch(parseTarget(`${registry.scheme}:///${encodeURIComponent(name)}`));
  try {
    const first = await nextSet(watcher, io.signal);
    if (first === undefined) return;
    if (first.endpoints.length === 0 && !watch) await explainNothing(registry, source, name);
    io.out(renderSet(name, first, json));
    if (!watch) return;
    const forget = watcher.subscribe((set) => {
      if (set !== first) io.out(`${json ? '' : '\n'}${renderSet(name, set, json)}`);
    });
    await new Promise<void>((resolve) => {
      if (io.signal.aborted) resolve();
      else io.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    forget();
  } finally {
    watcher.close();
  }
}

/** @throws CliError always: the registry is out of reach, or has no such service */
async function explainNothing(registry: Registry, source: string, name: string): Promise<never> {
  const known = await registry.services().catch((error: unknown) => {
    throw unreachable(registry, source, error);
  });
  const names = known.map((service) => service.name);
  if (names.includes(name)) throw new CliError(`${name} has no instances at the moment (${registry.description})`);
  const near = nearest(name, names);
  const remedy =
    near === undefined ? `It has ${names.length === 0 ? 'none at all' : names.join(', ')}.` : `Did you mean ${near}?`;
  throw new CliError(`${registry.description} has no service ${JSON.stringify(name)}`, { remedy });
}

/** The first answer, good or bad; undefined when the user gave up. */
function nextSet(watcher: Watcher, signal: AbortSignal): Promise<EndpointSet | undefined> {
  return new Promise((resolve) => {
    const end = (set: EndpointSet | undefined): void => {
      forget();
      signal.removeEventListener('abort', onAbort);
      resolve(set);
    };
    const onAbort = (): void => end(undefined);
    const forget = watcher.subscribe(end);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) end(undefined);
  });
}

function renderSet(name: string, { endpoints, stale, unavailable }: EndpointSet, json: boolean): string {
  if (json) {
    const instances = endpoints.map(({ id, host, port, health, weight, tags, meta }) => ({
      id,
      address: address(host, port),
      health,
      weight,
      tags,
      meta,
    }));
    return JSON.stringify({ service: name, stale, instances });
  }
  if (endpoints.length === 0) return `${name}: ${unavailable?.details ?? 'no instances'}`;
  const rows = endpoints.map(({ id, host, port, health, weight, tags, meta }) => [
    id,
    address(host, port),
    health,
    String(weight),
    tags.join(', '),
    Object.entries(meta)
      .map(([key, value]) => `${key}=${value}`)
      .join(' '),
  ]);
  const text = table(['INSTANCE', 'ADDRESS', 'HEALTH', 'WEIGHT', 'TAGS', 'META'], rows);
  return stale ? `${text}\n(the registry cannot be reached: this is the last good answer)` : text;
}

const address = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;
