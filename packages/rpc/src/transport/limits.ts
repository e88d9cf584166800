import { ConfigError, MAX_TIMEOUT_MS, requireKnownKeys, requireNumber, requireOneOf } from '@breakwater/core';
import type { Compression } from './transport.js';

/** What a connection tolerates and how it is kept alive. All have defaults; `clientLimits` fills and checks them. */
export interface ClientLimits {
  /** Larger messages end the call with RESOURCE_EXHAUSTED, reason MESSAGE_TOO_LARGE. Default 4 MiB. */
  readonly maxReceiveMessageBytes: number;
  /** Default 4 MiB. */
  readonly maxSendMessageBytes: number;
  /** Sum of the header list as HTTP/2 counts it. Default 16 KiB. */
  readonly maxHeaderBytes: number;
  /** PING after this long without a sign of life while calls are in flight. Default Infinity (off); servers refuse less than their minimum, often 5 min. */
  readonly keepaliveTimeMs: number;
  /** The connection is given up when a PING is not answered for this long. Default 20 s. */
  readonly keepaliveTimeoutMs: number;
  /** Of request messages. Default identity. */
  readonly compression: Compression;
}

export interface ServerLimits {
  readonly maxReceiveMessageBytes: number;
  readonly maxSendMessageBytes: number;
  readonly maxHeaderBytes: number;
  /** Per connection. Default 1,024. */
  readonly maxConcurrentStreams: number;
  /** A connection gets GOAWAY after this long, +-10 %. Default Infinity. */
  readonly maxConnectionAgeMs: number;
  /** Then its calls have this long. Default Infinity. */
  readonly maxConnectionAgeGraceMs: number;
  /** A connection without calls gets GOAWAY after this long. Default Infinity. */
  readonly maxConnectionIdleMs: number;
  /** PING to silent clients. Default 2 h, answer within 20 s. */
  readonly keepaliveTimeMs: number;
  readonly keepaliveTimeoutMs: number;
}

const MESSAGE = { min: 0, max: 2 ** 31 - 1, integer: true };
const HEADER = { min: 1024, max: 16 * 1024 * 1024, integer: true };
const AGE = { min: 1000, max: Number.POSITIVE_INFINITY };
const GRACE = { min: 0, max: Number.POSITIVE_INFINITY };
const SERVER_KEEPALIVE = { min: 1000, max: Number.POSITIVE_INFINITY };
/** gRFC A8: a client PINGs every 10 s at the most. */
const CLIENT_KEEPALIVE = { min: 10_000, max: Number.POSITIVE_INFINITY };
const KEEPALIVE_TIMEOUT = { min: 100, max: MAX_TIMEOUT_MS };

export const DEFAULT_CLIENT_LIMITS: ClientLimits = Object.freeze({
  maxReceiveMessageBytes: 4 * 1024 * 1024,
  maxSendMessageBytes: 4 * 1024 * 1024,
  maxHeaderBytes: 16 * 1024,
  keepaliveTimeMs: Number.POSITIVE_INFINITY,
  keepaliveTimeoutMs: 20_000,
  compression: 'identity',
});

export const DEFAULT_SERVER_LIMITS: ServerLimits = Object.freeze({
  maxReceiveMessageBytes: 4 * 1024 * 1024,
  maxSendMessageBytes: 4 * 1024 * 1024,
  maxHeaderBytes: 16 * 1024,
  maxConcurrentStreams: 1024,
  maxConnectionAgeMs: Number.POSITIVE_INFINITY,
  maxConnectionAgeGraceMs: Number.POSITIVE_INFINITY,
  maxConnectionIdleMs: Number.POSITIVE_INFINITY,
  keepaliveTimeMs: 2 * 60 * 60 * 1000,
  keepaliveTimeoutMs: 20_000,
});

/** Fills in the defaults. @throws ConfigError naming `field.option`, its value and range */
export function clientLimits(given: Partial<ClientLimits> = {}, field = 'limits'): ClientLimits {
  requireKnownKeys(field, given, Object.keys(DEFAULT_CLIENT_LIMITS));
  const limits = { ...DEFAULT_CLIENT_LIMITS, ...given };
  requireNumber(`${field}.maxReceiveMessageBytes`, limits.maxReceiveMessageBytes, MESSAGE);
  requireNumber(`${field}.maxSendMessageBytes`, limits.maxSendMessageBytes, MESSAGE);
  requireNumber(`${field}.maxHeaderBytes`, limits.maxHeaderBytes, HEADER);
  requireNumber(`${field}.keepaliveTimeMs`, limits.keepaliveTimeMs, CLIENT_KEEPALIVE);
  requireNumber(`${field}.keepaliveTimeoutMs`, limits.keepaliveTimeoutMs, KEEPALIVE_TIMEOUT);
  requireOneOf(`${field}.compression`, limits.compression, ['identity', 'gzip', 'deflate']);
  return Object.freeze(limits);
}

/** Fills in the defaults. @throws ConfigError naming `field.option`, its value and range */
export function serverLimits(given: Partial<ServerLimits> = {}, field = 'limits'): ServerLimits {
  requireKnownKeys(field, given, Object.keys(DEFAULT_SERVER_LIMITS));
  const limits = { ...DEFAULT_SERVER_LIMITS, ...given };
  requireNumber(`${field}.maxReceiveMessageBytes`, limits.maxReceiveMessageBytes, MESSAGE);
  requireNumber(`${field}.maxSendMessageBytes`, limits.maxSendMessageBytes, MESSAGE);
  requireNumber(`${field}.maxHeaderBytes`, limits.maxHeaderBytes, HEADER);
  requireNumber(`${field}.maxConcurrentStreams`, limits.maxConcurrentStreams, {
    min: 1,
    max: 2 ** 31 - 1,
    integer: true,
  });
  requireNumber(`${field}.maxConnectionAgeMs`, limits.maxConnectionAgeMs, AGE);
  requireNumber(`${field}.maxConnectionAgeGraceMs`, limits.maxConnectionAgeGraceMs, GRACE);
  requireNumber(`${field}.maxConnectionIdleMs`, limits.maxConnectionIdleMs, AGE);
  requireNumber(`${field}.keepaliveTimeMs`, limits.keepaliveTimeMs, SERVER_KEEPALIVE);
  requireNumber(`${field}.keepaliveTimeoutMs`, limits.keepaliveTimeoutMs, KEEPALIVE_TIMEOUT);
  if (
    limits.maxConnectionAgeGraceMs !== Number.POSITIVE_INFINITY &&
    limits.maxConnectionAgeMs === Number.POSITIVE_INFINITY
  ) {
    throw ConfigError.rule(
      `${field}.maxConnectionAgeGraceMs`,
      limits.maxConnectionAgeGraceMs,
      `${field}.maxConnectionAgeGraceMs does nothing without ${field}.maxConnectionAgeMs; set both or neither`,
    );
  }
  return Object.freeze(limits);
}
