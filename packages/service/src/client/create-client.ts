import { ConfigError, requireKnownKeys, requireOneOf, type Runtime } from '@breakwater/core';
import {
  leastInFlight,
  parseTarget,
  type PickerFactory,
  type Registry,
  registryFor,
  roundRobin,
} from '@breakwater/discovery';
import type { CircuitBreakerPolicy } from '@breakwater/resilience';
import {
  bindClient,
  type CallCredentials,
  type ChannelSnapshot,
  type Client,
  type ClientLimits,
  type ClientTls,
  clientLimits,
  type ConnectBackoff,
  methodsOf,
  type ServiceDefinition,
  type Transport,
} from '@breakwater/rpc';
import type { Logger } from 'pino';
import { withClientConfig } from '../config/apply.js';
import type { Config } from '../config/config.js';
import { defaultRegistries, defaultRuntime } from '../defaults.js';
import { logEventsOfClient } from '../logging/policy-log.js';
import { checkAllPolicies } from '../policies/check-policies.js';
import {
  breakerName,
  checkMethodNames,
  CLIENT_POLICY_KEYS,
  type ClientPolicies,
  clientStacks,
} from '../policies/client-policies.js';
import { type ChannelLease, leaseChannel } from './channels.js';
import { checkTransport, type TransportName, transportOf } from '../transports.js';

/** How calls are spread over the endpoints. Default `least_in_flight` (power of two choices). */
export type PickerName = 'least_in_flight' | 'round_robin';

export interface ClientOptions {
  /** Where the target is looked up; default: Consul at CONSUL_HTTP_ADDR, static and DNS. */
  readonly registry?: Registry | readonly Registry[] | undefined;
  /** Default: grpc-js. */
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
const CLOSE_GRACE_MS = 5000;

/** What stands behind a client object, which itself has nothing but the methods of its service. */
interface ClientHandle {
  close(graceMs: number): Promise<void>;
  snapshot(): ChannelSnapshot;
  readonly breakers: ReadonlyMap<string, CircuitBreakerPolicy>;
}

const handles = new WeakMap<object, ClientHandle>();

/**
 * A typed client of `target`, with discovery, balancing and the complete default stack. Cheap: clients of one target
 * share their connections. Nothing is looked up or connected before the first call.
 *
 * @param target `consul:///payments`, `static:///host:port,host:port`, `dns:///host:port`, or `host:port`
 * @throws ConfigError for options that make no sense, naming field, value and range
 */
export function createClient<D extends ServiceDefinition>(
  definition: D,
  target: string,
  given: ClientOptions = {},
): Client<D> {
  const known = methodsOf(definition);
  checkGiven(target, given);
  const options = withClientConfig(target, given, known);
  const runtime = options.runtime ?? defaultRuntime();
  const methods = options.methods ?? {};
  checkMethodNames('methods', methods, known);
  const lease = leaseChannel({
    target,
    registry: registryOf(target, options.registry),
    transport: transportOf(given.transport, options.transport),
    picker: pickerOf(options.picker),
    limits: clientLimits(options.limits),
    backoff: backoffOf(options.backoff),
    runtime,
    authority: options.authority,
    tls: options.tls,
    credentials: options.credentials,
    drainGraceMs: options.drainGraceMs ?? DEFAULT_DRAIN_GRACE_MS,
  });
  try {
    return bind(
      definition,
      { target, runtime, policies: options.policies ?? {}, methods, logger: options.logger },
      lease,
    );
  } catch (error) {
    // Policies that contradict each other: there is no client to close.
    void lease.release(0);
    throw error;
  }
}

interface Binding {
  readonly target: string;
  readonly runtime: Runtime;
  readonly policies: ClientPolicies;
  readonly methods: Readonly<Record<string, ClientPolicies>>;
  readonly logger: Logger | undefined;
}

function bind<D extends ServiceDefinition>(definition: D, binding: Binding, lease: ChannelLease): Client<D> {
  const { target, runtime, policies, methods, logger } = binding;
  const { stackFor, breakers } = clientStacks({ target, runtime, policies, methods, sharedBudget: lease.budget });
  const client = bindClient(definition, {
    target,
    runtime,
    handlerFor: (method) => stackFor(method)(lease.handler(method)),
  });
  const names = new Set([...breakers.keys()].map((path) => breakerName(target, path)));
  const stopLogging = logger === undefined ? undefined : logEventsOfClient(runtime.events, logger, names);
  handles.set(client, {
    breakers,
    snapshot: () => lease.snapshot(),
    close: (graceMs) => {
      stopLogging?.();
      return lease.release(graceMs);
    },
  });
  return client;
}

/**
 * Gives up a client: its calls are refused from now on with UNAVAILABLE, reason CLIENT_CLOSED. When it was the last of its
 * target, calls in flight may finish within `graceMs` (default 5 s), then the connections are closed. Closing twice waits
 * for the same end.
 * A process need not close its clients to end: connections without calls and watches do not keep it alive. Who wants
 * nothing left open (a test, a worker that goes on) closes all clients and then calls `closeDefaults`.
 * @throws ConfigError for an object that `createClient` did not make
 */
export const closeClient = (client: object, graceMs = CLOSE_GRACE_MS): Promise<void> => handleOf(client).close(graceMs);

/** The endpoints of a client with their connection states and calls in flight. */
export const inspectClient = (client: object): ChannelSnapshot => handleOf(client).snapshot();

/**
 * The circuit breaker of one method, to look at, `isolate()` or `reset()`.
 * @param method name in the proto (`Authorize`)
 * @throws ConfigError when the client has no such method, or its breaker is turned off
 */
export function breakerOf(client: object, method: string): CircuitBreakerPolicy['breaker'] {
  for (const [path, policy] of handleOf(client).breakers) if (path.endsWith(`/${method}`)) return policy.breaker;
  throw new ConfigError('method', method, 'a method of this client whose circuit breaker is on');
}

function handleOf(client: object): ClientHandle {
  const handle = handles.get(client);
  if (handle === undefined) throw new ConfigError('client', client, 'a client made by createClient');
  return handle;
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
