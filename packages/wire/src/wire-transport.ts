import { requireKnownKeys, requireNumber } from '@breakwater/core';
import type { Transport } from '@breakwater/rpc';
import { WireConnection } from './client/connection.js';
import { RequestHeads } from './client/method-plan.js';
import { WireListener } from './server/listener.js';

/** What the seam's limits do not say. All have defaults. */
export interface WireTransportOptions {
  /**
   * Payload of one connection that may wait in memory before its peer is held back: unread messages and the beginnings of
   * large ones. Above four times as much, including what the peer does not take, calls are refused. Default 16 MiB.
   */
  readonly maxConnectionBufferBytes?: number | undefined;
  /** The same for all connections of one listener together. Default 256 MiB. */
  readonly maxServerBufferBytes?: number | undefined;
  /** HTTP/2 connections to one endpoint; a second is opened only while the first has as many calls as the peer allows. Default 4. */
  readonly maxConnectionsPerEndpoint?: number | undefined;
  /** A client that PINGs more often than this is sent away with GOAWAY, `too_many_pings`. Default 5 min. @see gRFC A8 */
  readonly minPingIntervalMs?: number | undefined;
  /** A client has to speak HTTP/2 within this time, and every header block has to end within it. Default 10 s. */
  readonly handshakeTimeoutMs?: number | undefined;
  /**
   * How often a server looks whether the files of its `tls` have changed; connections that are made later get the new ones.
   * Infinity: never. A client reads its files at every connect. Default 10 s.
   */
  readonly certificateReloadMs?: number | undefined;
}

const MIB = 1024 * 1024;
const BUFFER = { min: 64 * 1024, max: 2 ** 40, integer: true };
const CONNECTIONS = { min: 1, max: 64, integer: true };
const INTERVAL = { min: 0, max: Number.POSITIVE_INFINITY };
const RELOAD = { min: 100, max: Number.POSITIVE_INFINITY };
const HANDSHAKE = { min: 10, max: 24 * 60 * 60 * 1000 };

const DEFAULTS = {
  maxConnectionBufferBytes: 16 * MIB,
  maxServerBufferBytes: 256 * MIB,
  maxConnectionsPerEndpoint: 4,
  minPingIntervalMs: 5 * 60_000,
  handshakeTimeoutMs: 10_000,
  certificateReloadMs: 10_000,
} as const satisfies Required<WireTransportOptions>;

/**
 * gRPC over HTTP/2 on `node:net` and `node:tls`, without a library in between: speaks to every gRPC peer, at a fraction of
 * the CPU of grpc-js.
 *
 * @throws ConfigError for unknown options and values out of range; from `connect` and `listen`, for PEMs that cannot be used
 */
export function wireTransport(given: WireTransportOptions = {}): Transport {
  requireKnownKeys('wireTransport', given, Object.keys(DEFAULTS));
  const options = { ...DEFAULTS, ...given } as Required<{ [K in keyof WireTransportOptions]: number }>;
  requireNumber('wireTransport.maxConnectionBufferBytes', options.maxConnectionBufferBytes, BUFFER);
  requireNumber('wireTransport.maxServerBufferBytes', options.maxServerBufferBytes, BUFFER);
  requireNumber('wireTransport.maxConnectionsPerEndpoint', options.maxConnectionsPerEndpoint, CONNECTIONS);
  requireNumber('wireTransport.minPingIntervalMs', options.minPingIntervalMs, INTERVAL);
  requireNumber('wireTransport.handshakeTimeoutMs', options.handshakeTimeoutMs, HANDSHAKE);
  requireNumber('wireTransport.certificateReloadMs', options.certificateReloadMs, RELOAD);
  const client = {
    maxBufferedBytes: options.maxConnectionBufferBytes,
    maxConnections: options.maxConnectionsPerEndpoint,
    firstStreamId: 1,
  };
  const server = {
    maxBufferedBytes: options.maxConnectionBufferBytes,
    maxServerBufferedBytes: options.maxServerBufferBytes,
    minPingIntervalMs: options.minPingIntervalMs,
    handshakeTimeoutMs: options.handshakeTimeoutMs,
    certificateReloadMs: options.certificateReloadMs,
  };
  const heads = new Map<string, RequestHeads>();
  const headsOf = (authority: string, secure: boolean): RequestHeads => {
    const key = `${secure ? 'https' : 'http'}://${authority}`;
    let known = heads.get(key);
    if (known === undefined) heads.set(key, (known = new RequestHeads(authority, secure ? 'https' : 'http')));
    return known;
  };
  return {
    name: 'wire',
    connect: (address, connectOptions) =>
      new WireConnection(
        address,
        connectOptions,
        client,
        headsOf(connectOptions.authority, connectOptions.tls !== undefined),
      ),
    listen: async (listenOptions, methods) => {
      const listener = new WireListener(listenOptions, server, methods);
      await listener.listen();
      return listener;
    },
  };
}
