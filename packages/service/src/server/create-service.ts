import { ConfigError, requireKnownKeys, requireNumber, type Runtime } from '@breakwater/core';
import type { Registry } from '@breakwater/discovery';
import {
  type Health,
  type ServerLimits,
  type ServerTls,
  serverLimits,
  type ServiceDefinition,
  type ServiceImplementation,
  type Transport,
} from '@breakwater/rpc';
import type { Logger } from 'pino';
import { checkServiceMethods, withServiceConfig } from '../config/apply.js';
import type { Config } from '../config/config.js';
import { defaultRuntime } from '../defaults.js';
import type { DrainReport } from '../lifecycle/drain.js';
import { type LifecycleOptions, resolveLifecycle } from '../lifecycle/lifecycle-options.js';
import { loggerFor } from '../logging/logger.js';
import { checkAllPolicies } from '../policies/check-policies.js';
import { SERVER_POLICY_KEYS, type ServerPolicies } from '../policies/server-policies.js';
import { checkTransport, type TransportName, transportOf } from '../transports.js';
import { RunningService } from './running-service.js';

export interface ServiceOptions {
  /** What clients ask the registry for. */
  readonly name: string;
  /** Absent: the service is not announced. */
  readonly registry?: Registry | undefined;
  /** `wire` (default) or `grpc-js`, or a transport of your own making, such as `inProcessTransport()`. */
  readonly transport?: Transport | TransportName | undefined;
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Default 0: any free port. */
  readonly port?: number | undefined;
  /**
   * What is announced, where that differs from what is listened on, such as behind NAT. With host 0.0.0.0 or ::, the
   * default is the machine's first address that others can reach.
   */
  readonly advertise?: { readonly host?: string | undefined; readonly port?: number | undefined } | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly meta?: Readonly<Record<string, string>> | undefined;
  /** Share of the load relative to other instances. Default 1. */
  readonly weight?: number | undefined;
  /** Absent: plaintext. */
  readonly tls?: ServerTls | undefined;
  readonly limits?: Partial<ServerLimits> | undefined;
  readonly policies?: ServerPolicies | undefined;
  /** Per method, over `policies`: by name or path. */
  readonly methods?: Readonly<Record<string, ServerPolicies>> | undefined;
  readonly lifecycle?: LifecycleOptions | undefined;
  /** Serve `grpc.reflection` v1 and v1alpha. Default true. */
  readonly reflection?: boolean | undefined;
  /** SIGTERM and SIGINT stop the service in order and end the process. Default true. */
  readonly signals?: boolean | undefined;
  /** Loaded by `loadConfig`; default: BREAKWATER_CONFIG and BREAKWATER_* of the environment. */
  readonly config?: Config | undefined;
  readonly runtime?: Runtime | undefined;
  /** Default: pino's JSON lines on stdout, level BREAKWATER_LOG_LEVEL. */
  readonly logger?: Logger | false | undefined;
}

const OPTION_KEYS: readonly (keyof ServiceOptions)[] = [
  'name',
  'registry',
  'transport',
  'host',
  'port',
  'advertise',
  'tags',
  'meta',
  'weight',
  'tls',
  'limits',
  'policies',
  'methods',
  'lifecycle',
  'reflection',
  'signals',
  'config',
  'runtime',
  'logger',
];

/** A service and its lifecycle. */
export interface Service {
  /**
   * Serves a definition.
   * @throws ConfigError when a handler is missing or unknown, the definition is there already, or the service has started
   */
  add<D extends ServiceDefinition>(definition: D, implementation: ServiceImplementation<D>): Service;
  /**
   * Listens, then says SERVING, then registers.
   * @throws ListenError when the port cannot be had
   * @throws ConfigError when nothing was added, or the service has been stopped, also meanwhile: it starts once
   */
  start(): Promise<{ readonly host: string; readonly port: number }>;
  /** The ordered end: NOT_SERVING, leave the registry, wait, GOAWAY, drain, force. Later calls give the same report. */
  stop(): Promise<DrainReport>;
  /** `grpc.health.v1` of this service: `health.set('shop.payments.v1.Payments', 'NOT_SERVING')`. */
  readonly health: Health;
}

const PORT = { min: 0, max: 65_535, integer: true };

/**
 * A gRPC service with the complete default server stack, health, reflection, registration and an ordered end.
 * @throws ConfigError for options that make no sense, naming field, value and range
 */
export function createService(given: ServiceOptions): Service {
  requireKnownKeys('', given, OPTION_KEYS);
  checkParts(given);
  checkAllPolicies(given.policies ?? {}, given.methods ?? {}, SERVER_POLICY_KEYS);
  const options = withServiceConfig(given);
  if (typeof options.name !== 'string' || !/^[a-zA-Z0-9][a-zA-Z0-9._-]*$/.test(options.name)) {
    throw new ConfigError('name', options.name, 'a service name of letters, digits, ".", "_" and "-"');
  }
  const logger = loggerFor(options.logger, options.name);
  return new RunningService({
    name: options.name,
    registry: options.registry,
    transport: transportOf(given.transport, options.transport),
    host: options.host ?? '127.0.0.1',
    port: requireNumber('port', options.port ?? 0, PORT),
    advertise: options.advertise ?? {},
    announcement: { tags: options.tags, meta: options.meta, weight: options.weight },
    tls: options.tls,
    limits: serverLimits(options.limits),
    policies: options.policies ?? {},
    methods: options.methods ?? {},
    checkMethods: (known) => checkServiceMethods(options, known),
    lifecycle: resolveLifecycle(options.lifecycle),
    reflection: options.reflection ?? true,
    signals: options.signals ?? true,
    runtime: options.runtime ?? defaultRuntime(),
    logger,
  });
}

/** What no configuration file can give: objects with methods. Found out now rather than in the middle of a start. */
function checkParts({ registry, transport, logger }: ServiceOptions): void {
  if (registry !== undefined && typeof (registry as Partial<Registry> | null)?.register !== 'function')
    throw new ConfigError('registry', registry, 'a registry, such as consul()');
  checkTransport(transport);
  if (logger !== undefined && logger !== false && typeof (logger as Partial<Logger> | null)?.warn !== 'function')
    throw new ConfigError('logger', logger, 'a pino logger, or false for none');
}
