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
import { defaultRegistries, defaultRuntime, defaultTransport } from '../defaults.js';
import { logPolicyEvents } from '../logging/policy-log.js';
import { checkMethodNames, type ClientPolicies, clientStacks } from '../policies/client-policies.js';
import { leaseChannel } from './channels.js';

/** How calls are spread over the endpoints. Default `least_in_flight` (power of two choices). */
export type PickerName = 'least_in_flight' | 'round_robin';

export interface ClientOptions {
  /** Where the target is looked up; default: Consul at CONSUL_HTTP_ADDR, static and DNS. */
  readonly registry?: Registry | readonly Registry[] | undefined;
  /** Default: grpc-js. */
  readonly transport?: Transport | undefined;
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
  /** Gets one line per breaker transition. Default: none; a service in the process logs them already. */
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
  requireKnownKeys('', given, OPTION_KEYS);
  const options = withClientConfig(target, given, methodsOf(definition));
  const runtime = options.runtime ?? defaultRuntime();
  const methods = options.methods ?? {};
  checkMethodNames('methods', methods, methodsOf(definition));
  const lease = leaseChannel({
    target,
    registry: registryOf(target, options.registry),
    transport: options.transport ?? defaultTransport(),
    picker: pickerOf(options.picker),
    limits: clientLimits(options.limits),
    backoff: { ...DEFAULT_BACKOFF, ...options.backoff },
    runtime,
    authority: options.authority,
    tls: options.tls,
    credentials: options.credentials,
    drainGraceMs: options.drainGraceMs ?? DEFAULT_DRAIN_GRACE_MS,
  });
  const { stackFor, breakers } = clientStacks({
    target,
    runtime,
    policies: options.policies ?? {},
    methods,
    sharedBudget: lease.budget,
  });
  const client = bindClient(definition, {
    target,
    runtime,
    handlerFor: (method) => stackFor(method)(lease.channel.handler(method)),
  });
  const stopLogging = options.logger === undefined ? undefined : logPolicyEvents(runtime.events, options.logger);
  handles.set(client, {
    breakers,
    snapshot: () => lease.channel.snapshot(),
    close: async (graceMs) => {
      stopLogging?.();
      await lease.release(graceMs);
    },
  });
  return client;
}

/**
 * Gives up a client. When it was the last of its target, calls in flight may finish within `graceMs` (default 5 s), then
 * the connections are closed.
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

function registryOf(target: string, given: Registry | readonly Registry[] | undefined): Registry {
  const own: readonly Registry[] =
    given === undefined ? [] : Array.isArray(given) ? (given as readonly Registry[]) : [given as Registry];
  const schemes = new Set(own.map((registry) => registry.scheme));
  return registryFor(parseTarget(target), [
    ...own,
    ...defaultRegistries().filter((registry) => !schemes.has(registry.scheme)),
  ]);
}

function pickerOf(picker: PickerName | PickerFactory | undefined): PickerFactory {
  if (typeof picker === 'function') return picker;
  const name = requireOneOf('picker', picker ?? 'least_in_flight', ['least_in_flight', 'round_robin']);
  return name === 'round_robin' ? roundRobin : leastInFlight;
}
