import type { Call, Outcome, Status } from '@breakwater/core';
import { Code, fail } from '@breakwater/core';
import type { Method } from '../method/method.js';
import type { Address, Connection, ConnectionState, ConnectOptions } from '../transport/transport.js';
import type { InProcessListener } from './listener.js';
import type { InProcessNetwork } from './network.js';
import { runCall } from './run-call.js';

/** The client side of the in-process transport: READY as soon as somebody listens at its address. */
export class InProcessConnection implements Connection {
  state: ConnectionState = 'idle';
  error: Status | undefined;
  private listener: InProcessListener | undefined;
  private detach: (() => void) | undefined;
  private unwatch: (() => void) | undefined;
  private readonly stateListeners = new Set<() => void>();
  private readonly abort = new Set<(status: Status) => void>();
  private inFlight = 0;
  private drained: (() => void) | undefined;

  constructor(
    private readonly network: InProcessNetwork,
    private readonly address: Address,
    private readonly options: ConnectOptions,
  ) {}

  onStateChange(listener: () => void): () => void {
    this.stateListeners.add(listener);
    return () => this.stateListeners.delete(listener);
  }

  connect(): void {
    if (this.state !== 'idle') return;
    this.become('connecting');
    queueMicrotask(() => this.tryConnect());
    this.unwatch ??= this.network.onChange(() => queueMicrotask(() => this.tryConnect()));
  }

  async call(method: Method, call: Call): Promise<Outcome> {
    const { listener } = this;
    if (listener === undefined || this.state !== 'ready') return fail(this.error ?? this.refused(), 'no');
    this.inFlight += 1;
    try {
      return await runCall(method, call, listener, { ...this.options, peer: `in-process:${this.address.port}`, abort: this.abort });
    } finally {
      this.inFlight -= 1;
      if (this.inFlight === 0) this.drained?.();
    }
  }

  async drain(graceMs: number): Promise<void> {
    this.leave('draining');
    if (this.inFlight > 0) {
      await new Promise<void>((resolve) => {
        const timer = this.options.runtime.clock.setTimer(graceMs, resolve);
        this.drained = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    this.close();
  }

  close(): void {
    this.leave('closed');
    for (const end of [...this.abort]) end(CLIENT_CLOSED);
  }

  private tryConnect(): void {
    if (this.state !== 'connecting' && this.state !== 'failed') return;
    const listener = this.network.find(this.address.host, this.address.port);
    if (listener === undefined) {
      this.error = this.refused();
      if (this.state !== 'failed') this.become('failed');
      return;
    }
    this.listener = listener;
    this.detach = listener.attach(() => this.onGoAway());
    this.error = undefined;
    this.become('ready');
  }

  /** The server drains: what is in flight goes on, new calls need a new connection. */
  private onGoAway(): void {
    this.forget();
    if (this.state === 'ready') queueMicrotask(() => this.state === 'ready' && this.become('idle'));
  }

  private forget(): void {
    this.detach?.();
    this.detach = undefined;
    this.listener = undefined;
  }

  private leave(state: 'draining' | 'closed'): void {
    this.unwatch?.();
    this.unwatch = undefined;
    this.forget();
    if (this.state !== 'closed') this.state = state;
  }

  private become(state: ConnectionState): void {
    this.state = state;
    queueMicrotask(() => {
      for (const listener of [...this.stateListeners]) listener();
    });
  }

  private refused(): Status {
    const { host, port } = this.address;
    return { code: Code.UNAVAILABLE, reason: 'CONNECT_FAILED', details: `nobody listens on ${host}:${port} (in-process)`, origin: 'remote' };
  }
}

const CLIENT_CLOSED: Status = { code: Code.UNAVAILABLE, reason: 'CLIENT_CLOSED', details: 'this client has been closed', origin: 'local' };
