import type { Call, Outcome, Status, Timer } from '@breakwater/core';
import { fail } from '@breakwater/core';
import { Backoff } from '@breakwater/discovery';
import type { Method } from '../method/method.js';
import type { Address, Connection, ConnectionState, ConnectOptions } from '../transport/transport.js';
import { CLIENT_CLOSED, connectFailed, connectionLost, draining, notConnected } from './failures.js';
import type { InProcessListener } from './listener.js';
import type { InProcessNetwork } from './network.js';
import { OutgoingCall } from './outgoing-call.js';

/** Growth of the waits between attempts to connect. @see gRPC connection-backoff.md */
const BACKOFF_MULTIPLIER = 1.6;

/** The client side of the in-process transport. Where nobody listens it tries again, after its backoff. */
export class InProcessConnection implements Connection {
  private current: ConnectionState = 'idle';
  private why: Status | undefined;
  private listener: InProcessListener | undefined;
  private detach: (() => void) | undefined;
  private retry: Timer | undefined;
  private readonly peer: string;
  private readonly backoff: Backoff;
  private readonly stateListeners = new Set<() => void>();
  private readonly calls = new Set<OutgoingCall>();
  private readonly drains: (() => void)[] = [];

  constructor(
    private readonly network: InProcessNetwork,
    private readonly address: Address,
    private readonly options: ConnectOptions,
  ) {
    this.peer = `${address.host}:${address.port}`;
    this.backoff = new Backoff({ ...options.backoff, multiplier: BACKOFF_MULTIPLIER }, options.runtime.random);
  }

  get state(): ConnectionState {
    return this.current;
  }

  get error(): Status | undefined {
    return this.why;
  }

  onStateChange(listener: () => void): () => void {
    // An object of its own: the same function may be added twice.
    const entry = (): void => listener();
    this.stateListeners.add(entry);
    return () => this.stateListeners.delete(entry);
  }

  connect(): void {
    if (this.current !== 'idle') return;
    this.attempt(undefined);
  }

  call(method: Method, call: Call): Promise<Outcome> {
    const { listener } = this;
    if (listener === undefined || this.current !== 'ready') return Promise.resolve(fail(this.notReady()));
    const { limits, runtime } = this.options;
    const route = { listener, peer: this.peer, limits, clock: runtime.clock };
    return new Promise((resolve, reject) => {
      const outgoing = new OutgoingCall(method, call, route, this.onOver, resolve, reject);
      this.calls.add(outgoing);
      outgoing.start();
    });
  }

  async drain(graceMs: number): Promise<void> {
    if (this.current === 'closed') return;
    this.disconnect();
    this.become('draining', this.why);
    if (this.calls.size > 0) await this.untilIdle(graceMs);
    this.close();
  }

  close(): void {
    if (this.current === 'closed') return;
    this.disconnect();
    this.become('closed', CLIENT_CLOSED);
    for (const call of [...this.calls]) call.close();
    this.settleDrains();
  }

  private readonly onOver = (call: OutgoingCall): void => {
    this.calls.delete(call);
    if (this.calls.size === 0) this.settleDrains();
  };

  private settleDrains(): void {
    for (const settle of this.drains.splice(0)) settle();
  }

  private untilIdle(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer =
        graceMs === Number.POSITIVE_INFINITY ? undefined : this.options.runtime.clock.setTimer(graceMs, resolve);
      this.drains.push(() => {
        timer?.cancel();
        resolve();
      });
    });
  }

  private attempt(why: Status | undefined): void {
    this.become('connecting', why);
    // Whoever is told of `connecting` still sees it.
    queueMicrotask(() => this.finishAttempt());
  }

  private finishAttempt(): void {
    if (this.current !== 'connecting') return;
    const listener = this.network.find(this.address.host, this.address.port);
    if (listener === undefined) {
      const why = connectFailed(this.peer);
      this.retry = this.options.runtime.clock.setTimer(this.backoff.next(), () => this.attempt(why), { ref: false });
      return this.become('failed', why);
    }
    this.backoff.reset();
    this.listener = listener;
    this.detach = listener.attach(() => this.onGoAway());
    this.become('ready', undefined);
  }

  /** The server drains or closes. Calls in flight are its own matter; new ones need a new connection. */
  private onGoAway(): void {
    this.disconnect();
    this.attempt(connectionLost(this.peer));
  }

  private disconnect(): void {
    this.retry?.cancel();
    this.retry = undefined;
    this.detach?.();
    this.detach = undefined;
    this.listener = undefined;
  }

  private become(state: ConnectionState, why: Status | undefined): void {
    this.why = why;
    this.current = state;
    queueMicrotask(() => {
      // A listener that is taken off while others are called is not called: a Set sees to that.
      for (const listener of this.stateListeners) listener();
    });
  }

  private notReady(): Status {
    if (this.current === 'closed') return CLIENT_CLOSED;
    if (this.current === 'draining') return draining(`the connection to ${this.peer}`);
    return this.why ?? notConnected(this.peer, this.current);
  }
}
