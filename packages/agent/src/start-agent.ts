import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  ConfigError,
  requireKnownKeys,
  requireNumber,
  systemClock,
  systemRandom,
  type Clock,
  type Random,
} from '@breakwater/core';
import { Catalog } from './catalog/catalog.js';
import { CheckRunner } from './catalog/check-runner.js';
import { agentRoutes } from './http/agent-routes.js';
import { BlockingReads } from './http/blocking.js';
import type { Node } from './http/json-shapes.js';
import { readRoutes } from './http/read-routes.js';
import { Router } from './http/router.js';
import { serve } from './http/serve.js';
import { createProbe } from './probes/probe.js';

/** Settings of `startAgent`. */
export interface AgentOptions {
  /** Address to listen on. Default `127.0.0.1`: the agent knows no access control. */
  readonly host?: string | undefined;
  /** Port to listen on, 0 for any free one. Default 8500. */
  readonly port?: number | undefined;
  /** Default `systemClock`. */
  readonly clock?: Clock | undefined;
  /** Default `systemRandom`. */
  readonly random?: Random | undefined;
}

/** A running agent. */
export interface Agent {
  readonly host: string;
  /** The real one, also when 0 was asked for. */
  readonly port: number;
  /** `http://host:port`, as `CONSUL_HTTP_ADDR` and `consul({ address })` take it; loopback when listening on every interface. */
  readonly address: string;
  /** Stops listening, ends every request under way and every check. What was registered is gone. Idempotent. */
  close(): Promise<void>;
}

const VERSION = '1.8.7-breakwater';

/**
 * Starts a small Consul-compatible agent in this process: registration, TTL, gRPC and TCP checks, blocking health and
 * catalog reads. Everything is held in memory and lost at the end, as in Consul's development mode.
 * @throws ConfigError for a bad or taken port, or an address this machine does not have
 */
export async function startAgent(options: AgentOptions = {}): Promise<Agent> {
  requireKnownKeys('agent', options, ['host', 'port', 'clock', 'random']);
  const host = options.host ?? '127.0.0.1';
  const port = requireNumber('agent.port', options.port ?? 8500, { min: 0, max: 65_535, integer: true });
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;
  const catalog = new Catalog();
  const checks = new CheckRunner(catalog, clock, random, createProbe(clock));
  const node: Node = {
    id: nodeId(`${host}:${port}`),
    name: 'breakwater',
    address: isUnspecified(host) ? '127.0.0.1' : host,
  };
  let text = '';
  const router = new Router({
    ...agentRoutes(catalog, checks, node, VERSION),
    ...readRoutes(catalog, new BlockingReads(catalog, clock, random), node, () => text),
  });
  const server = createServer((message, response) => void serve(router, message, response));
  // As Consul: a connection is kept until its client closes it.
  server.keepAliveTimeout = 0;
  try {
    await listen(server, host, port);
  } catch (error) {
    checks.close();
    throw error;
  }
  const bound = (server.address() as AddressInfo).port;
  text = `${node.address.includes(':') ? `[${node.address}]` : node.address}:${bound}`;
  let closing: Promise<void> | undefined;
  return {
    host,
    port: bound,
    address: `http://${text}`,
    close: () => {
      closing ??= new Promise((resolve) => {
        checks.close();
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return closing;
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, host, port)));
    server.listen({ host, port }, resolve);
  });
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const hint: Readonly<Record<string, string>> = {
    EADDRINUSE: `agent.port: port ${port} on ${host} is taken by another process; choose another with the option port (--port), or 0 for any free one`,
    EACCES: `agent.port: this user may not listen on port ${port}; choose one above 1023 with the option port (--port)`,
    EADDRNOTAVAIL: `agent.host: this machine has no address ${host}; choose another with the option host (--host)`,
    ENOTFOUND: `agent.host: ${host} is not a known host name; choose another with the option host (--host)`,
  };
  const sentence = hint[error.code ?? ''];
  if (sentence === undefined) return error;
  const field = sentence.startsWith('agent.host') ? 'agent.host' : 'agent.port';
  return Object.assign(ConfigError.rule(field, field === 'agent.host' ? host : port, sentence), { cause: error });
}

const isUnspecified = (host: string): boolean => host === '0.0.0.0' || host === '::';

/** A UUID that stays the same for the same address. */
function nodeId(seed: string): string {
  const hex = createHash('sha256').update(seed).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
