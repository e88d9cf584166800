import { ConfigError, requireKnownKeys, requireOneOf, type Runtime } from '@breakwater/core';
import {
  leastInFlight,
  parseTarget,
  type PickerFactory,
  type Registry,
  registryFor,
  roundRobin,
} from '@breakwater/discovery';
import {
  type CallCredentials,
  type ChannelOptions,
  type ClientLimits,
  type ClientTls,
  clientLimits,
  type ConnectBackoff,
  type Method,
  type Transport,
} from '@breakwater/rpc';
import type { Logger } from 'pino';
import { withClientConfig } from '../config/apply.js';
import type { Config } from '../config/config.js';
import { defaultRegistries, defaultRuntime } from '../defaults.js';
import { checkAllPolicies } from '../policies/check-policies.js';
import { checkMethodNames, CLIENT_POLICY_KEYS, type ClientPolicies } from '../policies/client-policies.js';
import { checkTransport, type TransportName, transportOf } from '../transports.js';

/** How calls are spread over the endpoints. Default `least_in_flight` (power of two choices). */
export type PickerName = 'least_in_flight' | 'round_robin';

export interface ClientOptions {
  /** Where the target is looked up; default: Consul at CONSUL_HTTP_ADDR, static and DNS. */
  readonly registry?: Registry | readonly Registry[] | undefined;
  /** Default: `wire`. */
  readonly transport?: Transport | TransportName | undefined;
  readonly picker?: PickerName | PickerFactory | undefined;
  /** Absent: plaintext. */
  readonly tls?: ClientTls | undefined;
  readonly limits?: Partial<ClientLimits> | undefined;
  /** Default: 100 ms up to 2 s. */
  readonly backoff?: Partial<ConnectBackoff> | undefined;
  /** Added to every call; needs `tls`. */
  readonly credentials?: CallCredentials | undefined;
  /** Name that is sent as `:authority` and verified by TLS; default: the service name of the target. */
  readonly authority?: string | undefined;
  readonly policies?: ClientPolicies | undefined;
  /** Per method, over `policies`: by name (`Authorize`) or path (`shop.payments.v1.Payments/Authorize`). */
  readonly methods?: Readonly<Record<string, ClientPolicies>> | undefined;
  /** Calls in flight on an endpoint that left the registry may take this long, in ms. Default 30,000. */
  readonly drainGraceMs?: number | undefined;
  /** Loaded by `loadConfig`; default: BREAKWATER_CONFIG and BREAKWATER_* of the environment. */
  readonly config?: Config | undefined;
  readonly runtime?: Runtime | undefined;
  /** Gets one line per transition of this client's breakers. Default: none; a service in the process writes them then. */
  readonly logger?: Logger | undefined;
}

const OPTION_KEYS: readonly (keyof ClientOptions)[] = [
  'registry',
  'transport',
  'picker',
  'tls',
  'limits',
  'backoff',
  'credentials',
  'authority',
  'policies',
  'methods',
  'drainGraceMs',
  'config',
  'runtime',
  'logger',
];

const DEFAULT_BACKOFF: ConnectBackoff = Object.freeze({ initialMs: 100, maxMs: 2000 });
const DEFAULT_DRAIN_GRACE_MS = 30_000;

/** What the options of a client come to, with what file and environment say of its target. */
export interface ClientSetup {
  readonly channel: ChannelOptions;
  readonly policies: ClientPolicies;
  readonly methods: Readonly<Record<string, ClientPolicies>>;
  readonly logger: Logger | undefined;
}

/**
 * @param known the methods of the client
 * @throws ConfigError for options that make no sense, naming field, value and range
 */
export function resolveClientOptions(target: string, given: ClientOptions, known: readonly Method[]): ClientSetup {
  checkGiven(target, given);
  const options = withClientConfig(target, given, known);
  const methods = options.methods ?? {};
  checkMethodNames('methods', methods, known);
  const channel = {
    target,
    registry: registryOf(target, options.registry),
    transport: transportOf(given.transport, options.transport),
    picker: pickerOf(options.picker),
    limits: clientLimits(options.limits),
    backoff: backoffOf(options.backoff),
    runtime: options.runtime ?? defaultRuntime(),
    authority: options.authority,
    tls: options.tls,
    credentials: options.credentials,
    drainGraceMs: options.drainGraceMs ?? DEFAULT_DRAIN_GRACE_MS,
  };
  return { channel, policies: options.policies ?? {}, methods, logger: options.logger };
}

function checkGiven(target: string, given: ClientOptions): void {
  requireKnownKeys('', given, OPTION_KEYS);
  if (typeof target !== 'string')
    throw new ConfigError('target', target, 'a URI such as consul:///payments, or host:port');
  checkAllPolicies(given.policies ?? {}, given.methods ?? {}, CLIENT_POLICY_KEYS);
  const { credentials, logger, transport } = given;
  if (credentials !== undefined && typeof credentials !== 'function')
    throw new ConfigError('credentials', credentials, 'a function that gives metadata');
  checkTransport(transport);
  if (logger !== undefined && typeof (logger as Partial<Logger>).warn !== 'function')
    throw new ConfigError('logger', logger, 'a pino logger');
  for (const registry of listOf(given.registry)) {
    if (typeof (registry as Partial<Registry> | null)?.watch !== 'function')
      throw new ConfigError('registry', registry, 'a registry, such as consul(), or a list of registries');
  }
}

/** A longer first wait that stands alone lifts the default ceiling with it. */
function backoffOf(given: Partial<ConnectBackoff> = {}): ConnectBackoff {
  const initialMs = given.initialMs ?? DEFAULT_BACKOFF.initialMs;
  const maxMs = given.maxMs ?? Math.max(DEFAULT_BACKOFF.maxMs, initialMs);
  if (maxMs >= initialMs) return { initialMs, maxMs };
  const rule = `backoff.maxMs is ${maxMs}, but must be at least backoff.initialMs (${initialMs})`;
  throw ConfigError.rule('backoff.maxMs', maxMs, rule);
}

const listOf = (given: Registry | readonly Registry[] | undefined): readonly Registry[] =>
  given === undefined ? [] : Array.isArray(given) ? (given as readonly Registry[]) : [given as Registry];

function registryOf(target: string, given: Registry | readonly Registry[] | undefined): Registry {
  const own = listOf(given);
  const parsed = parseTarget(target);
  const schemes = new Set(own.map((registry) => registry.scheme));
  // The defaults are not made for nothing: Consul's reads the environment.
  if (schemes.has(parsed.scheme)) return registryFor(parsed, own);
  return registryFor(parsed, [...own, ...defaultRegistries().filter((registry) => !schemes.has(registry.scheme))]);
}

function pickerOf(picker: PickerName | PickerFactory | undefined): PickerFactory {
  if (typeof picker === 'function') return picker;
  const name = requireOneOf('picker', picker ?? 'least_in_flight', ['least_in_flight', 'round_robin']);
  return name === 'round_robin' ? roundRobin : leastInFlight;
}
