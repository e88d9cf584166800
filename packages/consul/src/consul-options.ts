import {
  ConfigError,
  createRuntime,
  requireKnownKeys,
  requireNumber,
  requireOneOf,
  type Runtime,
} from '@breakwater/core';
import { DEFAULT_SUSPECT_TTL_MS } from '@breakwater/discovery';
import { parseConsulAddress, type ConsulAddress } from './client/consul-address.js';
import type { ConsulTls } from './client/consul-client.js';
import type { InstanceCheck } from './registration/consul-instance.js';
import type { Consistency } from './watch/service-query.js';

/** Settings of `consul`. */
export interface ConsulOptions {
  /** The agent: `http://host:port`, `https://host:port` or `host:port`. Default `http://127.0.0.1:8500`. */
  readonly address?: string | undefined;
  /** ACL token; sent to `address` only, never to an agent that a target names. */
  readonly token?: string | undefined;
  /** Datacenter of reads, unless the target names one. Default: the agent's own. */
  readonly dc?: string | undefined;
  readonly tls?: ConsulTls | undefined;
  /** Who answers reads. Default `stale`: any server, which works while there is no leader. */
  readonly consistency?: Consistency | undefined;
  /** A `stale` answer older than this is checked with the leader, ms, 100 to 600,000. Default 10,000. */
  readonly maxStalenessMs?: number | undefined;
  /** How long one blocking read may wait for news, ms, 1,000 to 600,000. Default 60,000. */
  readonly waitMs?: number | undefined;
  /** Time limit of every other request, ms, 100 to 60,000. Default 5,000. */
  readonly requestTimeoutMs?: number | undefined;
  /** Longest pause between reads that fail, ms, 500 to 180,000; the first is 250. Default 15,000. */
  readonly maxBackoffMs?: number | undefined;
  /** Registered instances send a sign of life every third of `ttlMs`, 1,000 to 86,400,000. Default, 15,000. */
  readonly heartbeat?: { readonly ttlMs?: number | undefined } | undefined;
  /** Instead of a heartbeat the agent asks the instance's `grpc.health.v1`: immune to a busy event loop. */
  readonly grpcCheck?: GrpcCheckOptions | undefined;
  /** The agent drops an instance that was critical for this long, ms, 60,000 (Consul's minimum) to 604,800,000. Default 60,000. */
  readonly deregisterCriticalAfterMs?: number | undefined;
  /** Reject `register` when the agent cannot be reached for this long, ms, 0 to 3,600,000. Default: keep trying for ever. */
  readonly failAfterMs?: number | undefined;
  /** Time limit of `deregister`, ms, 100 to 60,000. Default 3,000. */
  readonly deregisterTimeoutMs?: number | undefined;
  /** See `MassLossGuard`; ms, 0 (off) to 3,600,000. Default 60,000. */
  readonly suspectTtlMs?: number | undefined;
  /** Time and chance; default the system's. */
  readonly runtime?: Partial<Runtime> | undefined;
}

/** A health check that the agent makes. */
export interface GrpcCheckOptions {
  /** Name asked for in `grpc.health.v1`; default empty: the whole server. */
  readonly service?: string | undefined;
  readonly tls?: boolean | undefined;
  /** Between two checks, ms, 500 to 3,600,000. Default 5,000. */
  readonly intervalMs?: number | undefined;
  /** Time limit of one check, ms, 100 to 60,000. Default 2,000. */
  readonly timeoutMs?: number | undefined;
}

/** Options with defaults filled in. */
export interface ConsulSettings {
  readonly address: ConsulAddress;
  readonly token: string | undefined;
  readonly dc: string | undefined;
  readonly tls: ConsulTls | undefined;
  readonly consistency: Consistency;
  readonly maxStalenessMs: number;
  readonly waitMs: number;
  readonly requestTimeoutMs: number;
  readonly maxBackoffMs: number;
  readonly check: InstanceCheck;
  readonly deregisterCriticalAfterMs: number;
  readonly failAfterMs: number | undefined;
  readonly deregisterTimeoutMs: number;
  readonly suspectTtlMs: number;
  readonly runtime: Runtime;
}

const KEYS = [
  ...[
    'address',
    'token',
    'dc',
    'tls',
    'consistency',
    'maxStalenessMs',
    'waitMs',
    'requestTimeoutMs',
    'maxBackoffMs',
    'heartbeat',
    'grpcCheck',
  ],
  ...['deregisterCriticalAfterMs', 'failAfterMs', 'deregisterTimeoutMs', 'suspectTtlMs', 'runtime'],
];

/** @throws ConfigError for an unknown option, a value out of range, or options that exclude each other */
export function resolveOptions(options: ConsulOptions): ConsulSettings {
  requireKnownKeys('consul', options, KEYS);
  const number = (key: keyof ConsulOptions, fallback: number, min: number, max: number): number =>
    requireNumber(`consul.${key}`, options[key] ?? fallback, { min, max });
  const address = parseConsulAddress('consul.address', options.address ?? 'http://127.0.0.1:8500');
  if (options.tls !== undefined) {
    requireKnownKeys('consul.tls', options.tls, ['ca', 'cert', 'key', 'serverName', 'verify']);
    if (!address.secure)
      throw ConfigError.rule(
        'consul.tls',
        undefined,
        'consul.tls is given, but consul.address is not an https:// address',
      );
  }
  if (options.failAfterMs !== undefined) number('failAfterMs', 0, 0, 3_600_000);
  return Object.freeze({
    address,
    token: optionalText('consul.token', options.token),
    dc: optionalText('consul.dc', options.dc),
    tls: options.tls,
    consistency: requireOneOf('consul.consistency', options.consistency ?? 'stale', ['stale', 'default', 'consistent']),
    maxStalenessMs: number('maxStalenessMs', 10_000, 100, 600_000),
    waitMs: number('waitMs', 60_000, 1_000, 600_000),
    requestTimeoutMs: number('requestTimeoutMs', 5_000, 100, 60_000),
    maxBackoffMs: number('maxBackoffMs', 15_000, 500, 180_000),
    check: resolveCheck(options),
    deregisterCriticalAfterMs: number('deregisterCriticalAfterMs', 60_000, 60_000, 604_800_000),
    failAfterMs: options.failAfterMs,
    deregisterTimeoutMs: number('deregisterTimeoutMs', 3_000, 100, 60_000),
    suspectTtlMs: number('suspectTtlMs', DEFAULT_SUSPECT_TTL_MS, 0, 3_600_000),
    runtime: createRuntime(options.runtime),
  });
}

function resolveCheck({ heartbeat, grpcCheck }: ConsulOptions): InstanceCheck {
  if (grpcCheck === undefined) {
    requireKnownKeys('consul.heartbeat', heartbeat ?? {}, ['ttlMs']);
    return {
      kind: 'ttl',
      ttlMs: requireNumber('consul.heartbeat.ttlMs', heartbeat?.ttlMs ?? 15_000, { min: 1_000, max: 86_400_000 }),
    };
  }
  if (heartbeat !== undefined)
    throw ConfigError.rule(
      'consul.heartbeat',
      undefined,
      'consul.heartbeat and consul.grpcCheck exclude each other; keep one',
    );
  requireKnownKeys('consul.grpcCheck', grpcCheck, ['service', 'tls', 'intervalMs', 'timeoutMs']);
  return {
    kind: 'grpc',
    service: grpcCheck.service ?? '',
    tls: grpcCheck.tls ?? false,
    intervalMs: requireNumber('consul.grpcCheck.intervalMs', grpcCheck.intervalMs ?? 5_000, {
      min: 500,
      max: 3_600_000,
    }),
    timeoutMs: requireNumber('consul.grpcCheck.timeoutMs', grpcCheck.timeoutMs ?? 2_000, { min: 100, max: 60_000 }),
  };
}

function optionalText(field: string, value: string | undefined): string | undefined {
  if (value !== undefined && (typeof value !== 'string' || value === ''))
    throw new ConfigError(field, value, 'a non-empty text, or left out');
  return value;
}
