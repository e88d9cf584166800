import { fail, type Call, type Clock, type Outcome, type Status, type Timer } from '@breakwater/core';
import { Backoff, formatAddress } from '@breakwater/discovery';
import type { Address, ClientLimits, Connection, ConnectionState, ConnectOptions, Method } from '@breakwater/rpc';
import { connectionLost, DeadlineWheel, explain, type Seen } from '@breakwater/rpc/transport-kit';
import type { ClientSession } from '../http2/client-session.js';
import { ErrorCode } from '../http2/error-code.js';
import { reportDefect } from '../system-defect.js';
import { ClientCall, type CallHost } from './client-call.js';
import { CLOSED, leftByServer, notReady } from './connection-status.js';
import { Dialer, type DialerOwner, type WireClientSettings } from './dialer.js';
import { type MethodPlan, planMethod, type RequestHeads } from './method-plan.js';
import { SessionKeepalives } from './session-keepalives.js';
import { SessionPool } from './session-pool.js';
import { WaitingCalls } from './waiting-calls.js';

/** @see gRPC connection-backoff.md */
const BACKOFF = { multiplier: 1.6, jitterRatio: 0.2 };
/** Further connections are looked at this often: one that had no call since the last time is closed. */
const TRIM_EVERY_MS = 30_000;

/** One endpoint: usually one HTTP/2 connection, several while one is saturated or an old one finishes its calls. */
export class WireConnection implements Connection, CallHost, DialerOwner {
  readonly peer: string;
  readonly limits: ClientLimits;
  readonly clock: Clock;
  readonly wheel: DeadlineWheel;
  private current: ConnectionState = 'idle';
  private why: Status | undefined;
  private listeners: readonly (() => void)[] = [];
  /** What takes new calls. Sessions that have left it finish theirs. */
  private readonly pool = new SessionPool();
  /** All that have not ended, also those that only finish their calls. */
  private readonly open = new Set<ClientSession>();
  private readonly keepalives: SessionKeepalives;
  private readonly dialer: Dialer;
  private readonly waiting = new WaitingCalls();
  private readonly calls: ClientCall[] = [];
  private readonly plans = new Map<Method, MethodPlan>();
  private reconnect: Timer | undefined;
  /** A further connection could not be made: until then no other is tried. */
  private growth: Timer | undefined;
  private trimmer: Timer | undefined;
  private readonly backoff: Backoff;
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
    this.backoff = new Backoff({ ...options.backoff, ...BACKOFF }, options.runtime.random);
    this.keepalives = new SessionKeepalives(options.limits, this.clock);
    this.dialer = new Dialer(address, options, settings, this);
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
    this.dialer.dial();
  }

  call(method: Method, call: Call): Promise<Outcome> {
    if (this.current !== 'ready') return Promise.resolve(fail(notReady(this.peer, this.current, this.why)));
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
    for (const timer of [this.reconnect, this.growth, this.trimmer]) timer?.cancel();
    this.dialer.cancel();
    for (const call of [...this.calls]) call.abort(CLOSED);
    for (const session of [...this.open]) session.close('the client was closed');
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
      for (const session of this.pool) session.keepAwake(this.awake > 0);
    }
  }

  restart(call: ClientCall, why: string): void {
    if (this.current === 'closed') call.giveUp(CLOSED);
    else if (this.pool.withRoom() !== undefined) this.place(call);
    else call.giveUp(connectionLost(this.peer, why));
  }

  /** Hands the call to a session that has room; without one it waits for its turn, or until its deadline. */
  private place(call: ClientCall): void {
    const session = this.pool.withRoom();
    if (session === undefined) {
      this.waiting.add(call);
      this.grow();
      return;
    }
    session.start(call);
  }

  /** As many further connections as the waiting calls fill, and as are allowed. */
  private grow(): void {
    const { pool, dialer, waiting } = this;
    if (this.growth !== undefined || this.current !== 'ready') return;
    while (
      pool.size + dialer.inFlight < this.settings.maxConnections &&
      (dialer.inFlight === 0 || waiting.size > dialer.inFlight * pool.expectedRoom)
    ) {
      dialer.dial();
    }
  }

  // What sessions tell

  onSettled(): void {}

  onRoom(): void {
    if (this.waiting.size > 0) this.admit();
  }

  onAging(): void {
    if (this.growth === undefined && this.dialer.inFlight === 0) this.dialer.dial();
  }

  onGoaway(session: ClientSession, code: number, debug: string): void {
    if (code === ErrorCode.enhanceYourCalm && debug === 'too_many_pings') this.keepalives.onTooManyPings();
    this.forget(session, leftByServer(this.peer, code, debug));
  }

  onEnded(session: ClientSession, why: string): void {
    this.open.delete(session);
    this.keepalives.stop(session);
    this.forget(session, connectionLost(this.peer, why));
  }

  onDefect(error: unknown): void {
    reportDefect(error);
  }

  /** A session takes no new calls. */
  private forget(session: ClientSession, why: Status): void {
    if (!this.pool.remove(session) || this.pool.size > 0) return;
    if (this.current === 'ready') this.resume(why);
    else this.dismissWaiting(why);
  }

  private admit(): void {
    for (let session = this.pool.withRoom(); session !== undefined; session = this.pool.withRoom()) {
      const call = this.waiting.take();
      if (call === undefined) return;
      session.start(call);
    }
  }

  // Connecting

  onConnected(session: ClientSession): void {
    if (this.current === 'closed' || this.current === 'draining') {
      session.close('the client was closed');
      return;
    }
    this.open.add(session);
    if (this.awake > 0) session.keepAwake(true);
    this.keepalives.watch(session);
    this.reconnect?.cancel();
    this.pool.add(session);
    this.backoff.reset();
    if (this.current !== 'ready') this.readySince = this.clock.now();
    this.become('ready');
    this.admit();
    this.trimLater();
  }

  onFailed(seen: Seen): void {
    if (this.pool.size > 0) this.growLater();
    else if (this.dialer.inFlight === 0) void this.fail(seen);
  }

  private async fail(seen: Seen): Promise<void> {
    const why = await explain(this.address, this.peer, this.dialer.security, seen, this.clock);
    // Meanwhile the next attempt may have begun.
    if (this.current !== 'connecting' || this.dialer.inFlight > 0) return;
    this.become('failed', why);
    this.dismissWaiting(why);
    this.redialAfter(this.backoff.next(), why);
  }

  /** A further connection could not be made. The calls wait for their turn all the same; after a while it is tried again. */
  private growLater(): void {
    this.growth ??= this.clock.setTimer(
      this.backoff.next(),
      () => {
        this.growth = undefined;
        if (this.pool.aging) this.dialer.dial();
        else if (this.waiting.size > 0) this.grow();
      },
      { ref: false },
    );
  }

  private trimLater(): void {
    if (this.pool.size < 2) return;
    this.trimmer ??= this.clock.setTimer(
      TRIM_EVERY_MS,
      () => {
        this.trimmer = undefined;
        this.pool.trim();
        this.trimLater();
      },
      { ref: false },
    );
  }

  /** The last connection has ended: at once anew, unless it never lasts. */
  private resume(why: Status): void {
    if (this.clock.now() - this.readySince >= this.options.backoff.initialMs) {
      this.become('connecting', why);
      if (this.dialer.inFlight === 0) this.dialer.dial();
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
        this.dialer.dial();
      },
      { ref: false },
    );
  }

  private dismissWaiting(why: Status): void {
    for (let call = this.waiting.take(); call !== undefined; call = this.waiting.take()) call.giveUp(why);
  }

  // State

  private async runDrain(graceMs: number): Promise<void> {
    if (this.current === 'closed') return;
    this.become('draining');
    this.reconnect?.cancel();
    if (this.pool.size === 0) this.dismissWaiting(notReady(this.peer, this.current, this.why));
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
}
