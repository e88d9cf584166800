import type { Clock, PolicyEvents } from '@breakwater/core';
import type { Address, ConnectOptions } from '@breakwater/rpc';
import { type ClientSecurity, type Seen, tlsName } from '@breakwater/rpc/transport-kit';
import type { ClientSession, ClientSessionOwner } from '../http2/client-session.js';
import { clientPems } from '../tls/client-pems.js';
import type { RenewablePems } from '../tls/renewable-pems.js';
import { tellOfPems } from '../tls/system-news.js';
import { Dial, type DialSecurity } from './dial.js';

/** A peer that takes connections and says nothing. @see gRPC connection-backoff.md, MIN_CONNECT_TIMEOUT */
const CONNECT_TIMEOUT_MS = 20_000;

/** What the transport sets for its connections beyond what the seam says. */
export interface WireClientSettings {
  readonly maxBufferedBytes: number;
  /** HTTP/2 connections to one endpoint: a further one is opened only while all others have as many calls as the peer allows. */
  readonly maxConnections: number;
  /** Odd; 1 but for tests of sessions that run out of ids. */
  readonly firstStreamId: number;
}

/** Told what comes of each attempt, later than the call of `dial` that began it. */
export interface DialerOwner extends ClientSessionOwner {
  onConnected(session: ClientSession): void;
  onFailed(seen: Seen): void;
}

/** Makes connections to one endpoint, and knows those that are being made. */
export class Dialer {
  readonly security: ClientSecurity | undefined;
  private readonly pems: RenewablePems | undefined;
  private readonly clock: Clock;
  private readonly events: PolicyEvents;
  private readonly dials = new Set<Dial>();

  /** @throws ConfigError for PEMs that cannot be used */
  constructor(
    private readonly address: Address,
    private readonly options: ConnectOptions,
    private readonly settings: WireClientSettings,
    private readonly owner: DialerOwner,
  ) {
    this.clock = options.runtime.clock;
    this.events = options.runtime.events;
    if (options.tls !== undefined) {
      this.security = { tls: options.tls, name: tlsName(options.tls, options.authority) };
      this.pems = clientPems(options.tls);
    }
  }

  /** Attempts that are under way. */
  get inFlight(): number {
    return this.dials.size;
  }

  dial(): void {
    const { address, clock, owner, dials } = this;
    const { maxBufferedBytes, firstStreamId } = this.settings;
    const { maxHeaderBytes } = this.options.limits;
    const timeoutMs = CONNECT_TIMEOUT_MS;
    const security = this.securityOfNow();
    let dial: Dial;
    try {
      dial = new Dial({ address, security, clock, maxHeaderBytes, maxBufferedBytes, timeoutMs, firstStreamId }, owner, {
        onConnected: (session) => {
          dials.delete(dial);
          owner.onConnected(session);
        },
        onFailed: (seen) => {
          dials.delete(dial);
          owner.onFailed(seen);
        },
      });
    } catch (error) {
      // Node throws for an address that cannot be one, such as a port above 65,535.
      const seen: Seen = { kind: 'error', bytes: Buffer.alloc(0), error: error as NodeJS.ErrnoException };
      queueMicrotask(() => owner.onFailed(seen));
      return;
    }
    dials.add(dial);
  }

  /** Gives up all attempts; nobody is told. */
  cancel(): void {
    for (const dial of this.dials) dial.cancel();
    this.dials.clear();
  }

  /** PEM files may have been renewed since the last connection. */
  private securityOfNow(): DialSecurity | undefined {
    const { pems, security } = this;
    if (pems === undefined || security === undefined) return undefined;
    const news = pems.look(1);
    if (news !== undefined) tellOfPems(this.events, this.options.authority, news);
    return { context: pems.context, name: security.name };
  }
}
