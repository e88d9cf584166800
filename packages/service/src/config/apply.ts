import { ConfigError, nearest, streamsResponse } from '@breakwater/core';
import type { Method } from '@breakwater/rpc';
import type { ClientOptions } from '../client/client-options.js';
import type { ServiceOptions } from '../server/create-service.js';
import { checkAttemptTimeout, checkGroups } from './check-merged.js';
import type { Config } from './config.js';
import {
  type FlatSettings,
  type Layer,
  mergeLayers,
  objectAt,
  type ScopedSettings,
  settingsOfMethod,
} from './layers.js';
import { loadConfig } from './load-config.js';
import { layersOf } from './sections.js';
import type { Side } from './settings.js';

let ofProcess: Config | undefined;

/** What file and environment of the process say, read at first use. @throws ConfigError as `loadConfig` */
export function processConfig(): Config {
  ofProcess ??= loadConfig();
  return ofProcess;
}

/**
 * The options of a client with what file and environment say of its target.
 * @throws ConfigError for settings that contradict each other, saying where they come from, and for a method in the file
 * that the service does not have
 */
export function withClientConfig(
  target: string,
  options: ClientOptions,
  methods: readonly Method[] = [],
): ClientOptions {
  const config = options.config ?? processConfig();
  const layers = layersOf('client', target, options, config).map((layer, index) =>
    index === 0 ? layer : ofService(layer, methods),
  );
  const settings = mergeLayers('client', layers);
  checkGroups('client', settings.all);
  for (const method of methods) {
    const flat = settingsOfMethod(settings, [method.path.slice(1), method.method]);
    checkAttemptTimeout(flat, streamsResponse(method), `${method.method}: `);
  }
  return rebuild('client', options, settings);
}

/** The options of a service with what file and environment say of it. @throws ConfigError as `withClientConfig` */
export function withServiceConfig(options: ServiceOptions): ServiceOptions {
  const config = options.config ?? processConfig();
  const settings = mergeLayers('service', layersOf('service', options.name, options, config));
  checkGroups('service', settings.all);
  return rebuild('service', options, settings);
}

/** @throws ConfigError for a method that the file names under the service and no definition has, saying where and the nearest */
export function checkServiceMethods(options: ServiceOptions, known: readonly Method[]): void {
  const [, ...outside] = layersOf('service', options.name, {}, options.config ?? processConfig());
  for (const layer of outside) {
    const { methods = {} } = layer.options as { readonly methods?: Readonly<Record<string, object>> };
    for (const name of Object.keys(methods)) checkName(name, known, layer);
  }
}

/**
 * Of a section of the file, what concerns one definition: a target may serve several, and then its methods are told apart
 * by their paths.
 */
function ofService(layer: Layer, known: readonly Method[]): Layer {
  const { methods } = layer.options as { readonly methods?: Readonly<Record<string, object>> };
  const service = known[0]?.service;
  if (methods === undefined || service === undefined) return layer;
  const own = Object.entries(methods).filter(([name]) => !name.includes('/') || name.startsWith(`${service}/`));
  for (const [name] of own) checkName(name, known, layer, OTHER_SERVICE);
  return { ...layer, options: { ...layer.options, methods: Object.fromEntries(own) } };
}

/** What to do about a bare name that belongs elsewhere; a service knows all its definitions, a client one. */
const OTHER_SERVICE = '; a method of another service of the same target is written package.Service/Method';

function checkName(name: string, known: readonly Method[], { sourceOf, options }: Layer, more = ''): void {
  const names = known.map(({ method, path }) => (name.includes('/') ? path.slice(1) : method));
  if (names.includes(name)) return;
  const { methods = {} } = options as { readonly methods?: Readonly<Record<string, object>> };
  const [first] = Object.keys(methods[name] ?? {});
  const source = sourceOf(first === undefined ? 'policies' : `policies.${first}`, name);
  const services = [...new Set(known.map(({ service }) => service))].join(', ');
  const near = nearest(name, names);
  const hint = near === undefined ? `known: ${names.join(', ')}` : `did you mean ${near}?`;
  throw ConfigError.rule(
    `methods.${name}`,
    name,
    `${source}: ${services} has no method ${name}; ${hint}${name.includes('/') ? '' : more}`,
  );
}

/** Options with the merged settings in the place of their own; what cannot be configured from outside stays as it is. */
function rebuild<O extends object>(side: Side, options: O, settings: ScopedSettings): O {
  const result = { ...options } as Record<string, unknown>;
  for (const path of settings.all.keys()) {
    const key = path.split('.')[0] ?? path;
    if (path === key) result[key] = settings.all.get(path)?.value;
    else result[key] = objectAt(settings.all, key);
  }
  if (settings.methods.size > 0) {
    result.methods = Object.fromEntries(
      [...settings.methods].map(([name, own]) => [name, methodPolicies(side, settings.all, own)]),
    );
  }
  return result as O;
}

/** One method's settings, complete where the stack lays them over the general ones without looking into them. */
function methodPolicies(side: Side, all: FlatSettings, own: FlatSettings): object {
  const policies = (objectAt(own, 'policies') ?? {}) as Record<string, Record<string, unknown> | false>;
  if (side === 'service') return policies;
  const budget = objectAt(all, 'policies.retry.budget');
  const { retry, circuitBreaker } = policies;
  if (typeof retry === 'object' && typeof retry.budget === 'object')
    policies.retry = { ...retry, budget: { ...(budget === false ? {} : budget), ...retry.budget } };
  if (typeof circuitBreaker === 'object') {
    // An undefined takes away what the general settings say.
    if (own.has('policies.circuitBreaker.windowCalls'))
      policies.circuitBreaker = { ...circuitBreaker, windowMs: undefined };
    if (own.has('policies.circuitBreaker.windowMs'))
      policies.circuitBreaker = { ...circuitBreaker, windowCalls: undefined };
  }
  return policies;
}
