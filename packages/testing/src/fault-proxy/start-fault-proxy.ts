import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { type Clock, type Random, requireKnownKeys, requireNumber, systemClock, systemRandom } from '@breakwater/core';
import { parseHostPort } from '@breakwater/discovery';
import type { Direction, Fault } from './fault.js';
import { FaultSet } from './fault-set.js';
import { Link } from './link.js';

/** Settings of `startFaultProxy`. */
export interface FaultProxyOptions {
  /** Where connections lead: `host:port`. */
  readonly target: string;
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Default 0: any free port. */
  readonly port?: number | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  /** For jitter, piece sizes and shares. Default: the system's. */
  readonly random?: Random | undefined;
}

/** A TCP proxy whose connections can be made to suffer. */
export interface FaultProxy {
  readonly host: string;
  /** The real one, also when 0 was asked for; it stays the same over `down` and `up`. */
  readonly port: number;
  /** `host:port`, for a static target or an instance's address. */
  readonly address: string;
  /** Connections that are open now. */
  readonly connections: number;
  /** Connections accepted, and bytes that have passed, since the start. */
  readonly totals: { readonly accepted: number; readonly upstreamBytes: number; readonly downstreamBytes: number };
  /**
   * Switches a fault on, for open and new connections. Several add up.
   * @returns a function that switches it off; idempotent
   * @throws ConfigError for an unknown kind or field, or a value out of range
   */
  add(fault: Fault): () => void;
  /** Switches all faults off. */
  clear(): void;
  /** Resets all open connections once; new ones work. */
  cut(): void;
  /** Resets all connections and refuses new ones until `up`. */
  down(): Promise<void>;
  /** @throws Error when the port was taken by somebody else meanwhile */
  up(): Promise<void>;
  /** Ends everything. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a proxy between a client and `target`, in this process.
 * @throws ConfigError for options that make no sense; Error when the port cannot be had
 */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  requireKnownKeys('faultProxy', options, ['target', 'host', 'port', 'clock', 'random']);
  const target = parseHostPort('faultProxy.target', options.target);
  const proxy = new TcpFaultProxy(
    target,
    options.host ?? '127.0.0.1',
    requireNumber('faultProxy.port', options.port ?? 0, { min: 0, max: 65_535, integer: true }),
    { clock: options.clock ?? systemClock, random: options.random ?? systemRandom },
  );
  await proxy.up();
  return proxy;
}

class TcpFaultProxy implements FaultProxy {
  readonly totals = { accepted: 0, upstreamBytes: 0, downstreamBytes: 0 };
  private readonly faults = new FaultSet();
  private readonly links = new Set<Link>();
  private server: Server | undefined;
  private closed = false;

  constructor(
    private readonly target: { readonly host: string; readonly port: number },
    readonly host: string,
    private wantedPort: number,
    private readonly runtime: { readonly clock: Clock; readonly random: Random },
  ) {}

  get port(): number {
    return this.wantedPort;
  }

  get address(): string {
    return `${this.host.includes(':') ? `[${this.host}]` : this.host}:${this.port}`;
  }

  get connections(): number {
    return this.links.size;
  }

  add(fault: Fault): () => void {
    return this.faults.add(fault, this.runtime.clock.now());
  }

  clear(): void {
    this.faults.clear();
  }

  cut(): void {
    for (const link of [...this.links]) link.reset();
  }

  async up(): Promise<void> {
    if (this.closed) throw new Error('the fault proxy is closed');
    if (this.server !== undefined) return;
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: false }, (client) => {
      this.totals.accepted += 1;
      const link = new Link({
        client,
        target: connect({ ...this.target, allowHalfOpen: true }),
        faults: this.faults,
        ...this.runtime,
        onPassed: (direction: Direction, bytes) => {
          this.totals[`${direction}Bytes`] += bytes;
        },
        onClosed: () => this.links.delete(link),
      });
      this.links.add(link);
    });
    this.server = server;
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject).listen(this.wantedPort, this.host, resolve);
      });
    } catch (error) {
      this.server = undefined;
      throw error;
    }
    this.wantedPort = (server.address() as AddressInfo).port;
  }

  async down(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    this.server = undefined;
    const stopped = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    this.cut();
    await stopped;
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const link of [...this.links]) link.close();
    await this.down();
  }
}
