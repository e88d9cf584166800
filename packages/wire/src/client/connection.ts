import { Code, fail, type Call, type Clock, type Outcome, type Status, type Timer } from '@breakwater/core';
import { formatAddress } from '@breakwater/discovery';
import type { Address, ClientLimits, Connection, ConnectionState, ConnectOptions, Method } from '@breakwater/rpc';
import {
  type ClientSecurity,
  connectionLost,
  DeadlineWheel,
  explain,
  type Seen,
  tlsName,
} from '@breakwater/rpc/transport-kit';
import type { ClientSession, ClientSessionOwner } from '../http2/client-session.js';
import { errorCodeName, ErrorCode } from '../http2/error-code.js';
import { Keepalive } from '../keepalive.js';
import { reportDefect } from '../system-defect.js';
import { clientPems } from '../tls/client-pems.js';
import type { RenewablePems } from '../tls/renewable-pems.js';
import { tellOfPems } from '../tls/system-news.js';
import { ClientCall, type CallHost } from './client-call.js';
import { Dial, type Dialing, type DialSecurity } from './dial.js';
import { type MethodPlan, planMethod, type RequestHeads } from './method-plan.js';
import { WaitingCalls } from './waiting-calls.js';

/** A peer that takes connections and says nothing. @see gRPC connection-backoff.md, MIN_CONNECT_TIMEOUT */
const CONNECT_TIMEOUT_MS = 20_000;
const BACKOFF_FACTOR = 1.6;
const JITTER = 0.2;

/** What the transport sets for its connections beyond what the seam says. */
export interface WireClientSettings {
  readonly maxBufferedBytes: number;
  /** HTTP/2 connections to one endpoint: a further one is opened only while all others have as many calls as the peer allows. */
  readonly maxConnections: number;
  readonly firstStreamId: number;
}

/** One endpoint: usually one HTTP/2 connection, several while one is saturated or an old one finishes its calls. */
export class WireConnection implements Connection, CallHost, ClientSessionOwner {
  readonly peer: string;
  readonly limits: ClientLimits;
  readonly clock: Clock;
  readonly wheel: DeadlineWheel;
  private current: ConnectionState = 'idle';
  private why: Status | undefined;
  private listeners: readonly (() => void)[] = [];
  /** Takes new calls. */
  private session: ClientSession | undefined;
  /** More of them, while the first is saturated. */
  private readonly extra: ClientSession[] = [];
  private readonly keepalives = new Map<ClientSession, Keepalive>();
  private readonly dials = new Set<Dial>();
  private readonly waiting = new WaitingCalls();
  private readonly calls: ClientCall[] = [];
  private readonly plans = new Map<Method, MethodPlan>();
  private readonly security: ClientSecurity | undefined;
  private readonly pems: RenewablePems | undefined;
  private reconnect: Timer | undefined;
  private failures = 0;
  private awake = 0;
  private readySince = 0;
  private drained: Promise<void> | undefined;
  private onDrained: (() => void) | undefined;

  /** @throws ConfigError for PEMs that cannot be used */
  constructor(
    private readonly address: Address,
    private readonly options: ConnectOptions,
    private readonly settings: WireClientSettings,
    private readonly heads: RequestHeads,
  ) {
    this.peer = address.port === 0 ? address.host : formatAddress(address.host, address.port);
    this.limits = options.limits;
    this.clock = options.runtime.clock;
    this.wheel = new DeadlineWheel(this.clock);
    if (options.tls !== undefined) {
      this.security = { tls: options.tls, name: tlsName(options.tls, options.authority) };
      this.pems = clientPems(options.tls);
    }
  }

  get state(): ConnectionState {
    return this.current;
  }

  get error(): Status | undefined {
    return this.why;
  }

  onStateChange(listener: () => void): () => void {
    this.listeners = [...this.listeners, listener];
    return () => {
      this.listeners = this.listeners.filter((one) => one !== listener);
    };
  }

  connect(): void {
    if (this.current !== 'idle') return;
    this.become('connecting');
    this.dial();
  }

  call(method: Method, call: Call): Promise<Outcome> {
    if (this.current !== 'ready') return Promise.resolve(fail(this.notReady()));
    const plan = this.planOf(method);
    return new Promise((resolve, reject) => {
      const started = new ClientCall(this, plan, call, resolve, reject);
      if (!started.arm()) return;
      started.hostIndex = this.calls.push(started) - 1;
      this.place(started);
    });
  }

  drain(graceMs: number): Promise<void> {
    this.drained ??= this.runDrain(graceMs);
    return this.drained;
  }

  close(): void {
    if (this.current === 'closed') return;
    this.become('closed');
    this.reconnect?.cancel();
    for (const dial of this.dials) dial.cancel();
    this.dials.clear();
    for (const call of [...this.calls]) call.abort(CLOSED);
    for (const session of this.sessions()) session.close('the client was closed');
    this.onDrained?.();
  }

  // What calls tell

  leave(call: ClientCall): void {
    if (this.waiting.size > 0) this.waiting.remove(call);
    const last = this.calls.pop();
    if (last !== undefined && last !== call) {
      this.calls[call.hostIndex] = last;
      last.hostIndex = call.hostIndex;
    }
    if (this.calls.length === 0) this.onDrained?.();
  }

  stayAwake(change: number): void {
    this.awake += change;
    if (this.awake === 0 || (this.awake === 1 && change === 1)) {
      for (const session of this.sessions()) session.keepAwake(this.awake > 0);
    }
  }

  restart(call: ClientCall, why: string): void {
    if (this.current === 'closed') call.giveUp(CLOSED);
    else if (this.current === 'ready' && this.anyRoom() !== undefined) this.place(call);
    else call.giveUp(connectionLost(this.peer, why));
  }

  /** Hands the call to a session that has room; without one it waits for its turn, or until its deadline. */
  private place(call: ClientCall): void {
    const session = this.anyRoom();
    if (session === undefined) {
      this.waiting.add(call);
      this.openExtra();
      return;
    }
    session.start(call);
  }

  private anyRoom(): ClientSession | undefined {
    if (this.session?.hasRoom === true) return this.session;
    return this.extra.length === 0 ? undefined : this.extra.find((session) => session.hasRoom);
  }

  /** All sessions have as many calls as the peer allows: one more connection, if that is allowed. */
  private openExtra(): void {
    const open = this.extra.length + 1 + this.dials.size;
    if (this.session === undefined || open >= this.settings.maxConnections) return;
    this.startDial({
      onConnected: (session) => {
        this.extra.push(session);
        this.admit();
      },
      // The calls wait for their turn all the same.
      onFailed: () => {},
    });
  }

  // What sessions tell

  onSettled(): void {}

  onRoom(): void {
    if (this.waiting.size > 0) this.admit();
  }

  onGoaway(session: ClientSession, code: number, debug: string): void {
    const said = debug === '' ? '' : ` (${debug.replace(/[^\x20-\x7e]/g, '?')})`;
    const what =
      code === ErrorCode.noError ? 'the server is leaving it' : `the server left it with ${errorCodeName(code)}`;
    this.forget(session, connectionLost(this.peer, `${what}${said}`));
  }

  onEnded(session: ClientSession, why: string): void {
    this.keepalives.get(session)?.stop();
    this.keepalives.delete(session);
    this.forget(session, connectionLost(this.peer, why));
  }

  onDefect(error: unknown): void {
    reportDefect(error);
  }

  /** A session takes no new calls. */
  private forget(session: ClientSession, why: Status): void {
    const index = this.extra.indexOf(session);
    if (index >= 0) this.extra.splice(index, 1);
    if (this.session !== session) return;
    this.session = undefined;
    if (this.current === 'ready') this.resume(why);
  }

  private admit(): void {
    for (let session = this.anyRoom(); session !== undefined; session = this.anyRoom()) {
      const call = this.waiting.take();
      if (call === undefined) return;
      session.start(call);
    }
  }

  // Connecting

  private dial(): void {
    this.startDial({
      onConnected: (session) => this.onConnected(session),
      onFailed: (seen) => void this.onFailed(seen),
    });
  }

  private startDial(dialing: Dialing): void {
    const { maxBufferedBytes, firstStreamId } = this.settings;
    const { address, clock } = this;
    const options = {
      address,
      security: this.dialSecurity(),
      clock,
      maxHeaderBytes: this.limits.maxHeaderBytes,
      maxBufferedBytes,
      timeoutMs: CONNECT_TIMEOUT_MS,
      firstStreamId,
    };
    let dial: Dial;
    try {
      dial = new Dial(options, this, {
        onConnected: (session) => {
          this.dials.delete(dial);
          this.watch(session);
          dialing.onConnected(session);
        },
        onFailed: (seen) => {
          this.dials.delete(dial);
          dialing.onFailed(seen);
        },
      });
    } catch (error) {
      // Node throws for an address that cannot be one, such as a port above 65,535.
      dialing.onFailed({ kind: 'error', bytes: Buffer.alloc(0), error: error as NodeJS.ErrnoException });
      return;
    }
    this.dials.add(dial);
  }

  /** PEM files may have been renewed since the last connection. */
  private dialSecurity(): DialSecurity | undefined {
    const { pems, security } = this;
    if (pems === undefined || security === undefined) return undefined;
    const news = pems.look(1);
    if (news !== undefined) tellOfPems(this.options.runtime.events, this.options.authority, news);
    return { context: pems.context, name: security.name };
  }

  private watch(session: ClientSession): void {
    if (this.awake > 0) session.keepAwake(true);
    const { keepaliveTimeMs, keepaliveTimeoutMs } = this.limits;
    if (keepaliveTimeMs === Number.POSITIVE_INFINITY) return;
    this.keepalives.set(
      session,
      new Keepalive(session, { timeMs: keepaliveTimeMs, timeoutMs: keepaliveTimeoutMs, whenIdle: false }, this.clock),
    );
  }

  private onConnected(session: ClientSession): void {
    if (this.current === 'closed' || this.current === 'draining') {
      session.close('the client was closed');
      return;
    }
    this.session = session;
    this.failures = 0;
    this.readySince = this.clock.now();
    this.become('ready');
    this.admit();
  }

  private async onFailed(seen: Seen): Promise<void> {
    const why = await explain(this.address, this.peer, this.security, seen, this.clock);
    if (this.current === 'closed' || this.current === 'draining') return;
    this.become('failed', why);
    this.dismissWaiting(why);
    this.redialAfter(this.nextBackoff(), why);
  }

  /** A connection that was READY has ended: at once anew, unless it never lasts. */
  private resume(why: Status): void {
    if (this.clock.now() - this.readySince >= this.options.backoff.initialMs) {
      this.become('connecting', why);
      this.dial();
      return;
    }
    this.become('failed', why);
    this.dismissWaiting(why);
    this.redialAfter(this.options.backoff.initialMs, why);
  }

  private redialAfter(delayMs: number, why: Status): void {
    this.reconnect = this.clock.setTimer(
      delayMs,
      () => {
        this.become('connecting', why);
        this.dial();
      },
      { ref: false },
    );
  }

  private nextBackoff(): number {
    const { initialMs, maxMs } = this.options.backoff;
    const base = Math.min(maxMs, initialMs * BACKOFF_FACTOR ** this.failures);
    this.failures += 1;
    return base * (1 - JITTER + 2 * JITTER * this.options.runtime.random.next());
  }

  private dismissWaiting(why: Status): void {
    for (let call = this.waiting.take(); call !== undefined; call = this.waiting.take()) call.giveUp(why);
  }

  // State

  private async runDrain(graceMs: number): Promise<void> {
    if (this.current === 'closed') return;
    this.become('draining');
    this.reconnect?.cancel();
    if (this.calls.length > 0) {
      await new Promise<void>((resolve) => {
        const timer = graceMs === Number.POSITIVE_INFINITY ? undefined : this.clock.setTimer(graceMs, resolve);
        this.onDrained = () => {
          timer?.cancel();
          resolve();
        };
      });
    }
    this.close();
  }

  private *sessions(): Iterable<ClientSession> {
    if (this.session !== undefined) yield this.session;
    yield* [...this.extra];
  }

  private planOf(method: Method): MethodPlan {
    let plan = this.plans.get(method);
    if (plan === undefined) this.plans.set(method, (plan = planMethod(method, this.limits, this.heads)));
    return plan;
  }

  private become(state: ConnectionState, why?: Status): void {
    this.why = why;
    if (this.current === state) return;
    this.current = state;
    queueMicrotask(() => {
      for (const listener of this.listeners) listener();
    });
  }

  private notReady(): Status {
    if (this.current === 'closed') return CLOSED;
    if (this.current === 'draining') {
      return { ...unavailable(`the connection to ${this.peer} is draining`), reason: 'DRAINING' };
    }
    return this.why ?? { ...unavailable(`not connected to ${this.peer} (${this.current})`), reason: 'CONNECT_FAILED' };
  }
}

const unavailable = (details: string): Status => ({ code: Code.UNAVAILABLE, origin: 'remote', details });

const CLOSED: Status = {
  code: Code.UNAVAILABLE,
  origin: 'local',
  reason: 'CLIENT_CLOSED',
  details: 'the client was closed',
};
