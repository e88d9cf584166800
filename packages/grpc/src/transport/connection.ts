import { isIPv6 } from 'node:net';
import { Channel, connectivityState, credentials, type ChannelCredentials } from '@grpc/grpc-js';
import { Code, fail, type Call, type Clock, type Outcome, type Status, type Timer } from '@breakwater/core';
import type {
  Address,
  ClientLimits,
  Compression,
  Connection,
  ConnectionState,
  ConnectOptions,
  Method,
} from '@breakwater/rpc';
import { type ClientSecurity, connectionLost, DeadlineWheel, diagnose, tlsName } from '@breakwater/rpc/transport-kit';
import { clientOptions } from './channel-options.js';
import { ClientCall, type CallHost } from './client-call.js';
import { channelCredentials } from './security.js';

/** A peer that takes connections and says nothing keeps grpc-js waiting for ever. @see gRPC connection-backoff.md, MIN_CONNECT_TIMEOUT */
const CONNECT_TIMEOUT_MS = 20_000;

/** One endpoint behind one grpc-js channel with one address. */
export class GrpcConnection implements Connection, CallHost {
  readonly peer: string;
  readonly limits: ClientLimits;
  readonly clock: Clock;
  readonly wheel: DeadlineWheel;
  private current: ConnectionState = 'idle';
  private why: Status | undefined;
  /** `connect()` was called: from then on the channel is kept connected. */
  private wanted = false;
  private readySince = 0;
  private diagnosis = 0;
  private reconnect: Timer | undefined;
  private patience: Timer | undefined;
  private listeners: readonly (() => void)[] = [];
  private readonly calls: ClientCall[] = [];
  private drained: Promise<void> | undefined;
  private onDrained: (() => void) | undefined;
  private readonly security: ClientSecurity | undefined;
  private readonly algorithm: Compression;
  private readonly main: Channel;
  /** Channels for calls that compress otherwise than `main` can; made when the first such call comes. */
  private readonly others = new Map<Compression, Channel>();

  constructor(
    private readonly address: Address,
    private readonly options: ConnectOptions,
  ) {
    this.peer =
      address.port === 0
        ? address.host
        : `${isIPv6(address.host) ? `[${address.host}]` : address.host}:${address.port}`;
    this.limits = options.limits;
    this.clock = options.runtime.clock;
    this.wheel = new DeadlineWheel(this.clock);
    this.security =
      options.tls === undefined ? undefined : { tls: options.tls, name: tlsName(options.tls, options.authority) };
    // A channel that can compress can also leave it; one that cannot, cannot start to.
    this.algorithm = options.limits.compression === 'identity' ? 'gzip' : options.limits.compression;
    this.main = this.createChannel(this.algorithm);
    this.watch();
  }

  get state(): ConnectionState {
    return this.current;
  }

  get error(): Status | undefined {
    return this.why;
  }

  get ready(): boolean {
    return this.current === 'ready';
  }

  onStateChange(listener: () => void): () => void {
    this.listeners = [...this.listeners, listener];
    return () => {
      this.listeners = this.listeners.filter((one) => one !== listener);
    };
  }

  connect(): void {
    if (this.current !== 'idle') return;
    this.wanted = true;
    this.become('connecting');
    this.main.getConnectivityState(true);
  }

  call(method: Method, call: Call): Promise<Outcome> {
    if (this.current !== 'ready') return Promise.resolve(fail(this.notReady()));
    return new Promise((resolve, reject) => new ClientCall(this, method, call, resolve, reject).start());
  }

  channel(compression: Compression): Channel {
    if (compression === 'identity' || compression === this.algorithm) return this.main;
    let other = this.others.get(compression);
    if (other === undefined) this.others.set(compression, (other = this.createChannel(compression)));
    return other;
  }

  enter(call: ClientCall): void {
    call.hostIndex = this.calls.push(call) - 1;
  }

  leave(call: ClientCall): void {
    const last = this.calls.pop();
    if (last !== undefined && last !== call) {
      this.calls[call.hostIndex] = last;
      last.hostIndex = call.hostIndex;
    }
    if (this.calls.length === 0) this.onDrained?.();
  }

  drain(graceMs: number): Promise<void> {
    this.drained ??= this.runDrain(graceMs);
    return this.drained;
  }

  private async runDrain(graceMs: number): Promise<void> {
    if (this.current === 'closed') return;
    this.become('draining');
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

  close(): void {
    if (this.current === 'closed') return;
    this.become('closed');
    this.reconnect?.cancel();
    for (const call of [...this.calls]) call.abort(CLOSED);
    this.onDrained?.();
    this.main.close();
    for (const other of this.others.values()) other.close();
  }

  private createChannel(compression: Compression): Channel {
    const { authority, limits, backoff } = this.options;
    const options = clientOptions(authority, limits, backoff, compression);
    let security: ChannelCredentials = credentials.createInsecure();
    if (this.security !== undefined) security = channelCredentials(this.security, options);
    return new Channel(targetOf(this.address), security, options);
  }

  private watch(): void {
    this.main.watchConnectivityState(this.main.getConnectivityState(false), Number.POSITIVE_INFINITY, () => {
      if (this.current === 'closed') return;
      this.watch();
      if (this.current !== 'draining') this.follow(this.main.getConnectivityState(false));
    });
  }

  private follow(state: connectivityState): void {
    this.diagnosis += 1;
    switch (state) {
      case connectivityState.READY:
        this.readySince = this.clock.now();
        this.become('ready');
        break;
      case connectivityState.CONNECTING:
        this.become('connecting', this.why);
        break;
      case connectivityState.TRANSIENT_FAILURE:
        void this.explain(this.diagnosis);
        break;
      case connectivityState.IDLE:
        if (this.wanted) this.resume();
        break;
      case connectivityState.SHUTDOWN:
        break;
    }
  }

  /** Says why the connection failed before it says that it did: whoever waits for it reports the reason. */
  private async explain(diagnosis: number): Promise<void> {
    const why = await diagnose(this.address, this.peer, this.security, this.clock);
    if (this.diagnosis === diagnosis && this.current !== 'closed' && this.current !== 'draining')
      this.become('failed', why);
  }

  /** grpc-js goes idle when a connection ends and connects anew at once; one that never lasts is given a pause. */
  private resume(): void {
    const why = connectionLost(this.peer, 'it was closed by the peer');
    const connect = (): void => {
      this.become('connecting', why);
      this.main.getConnectivityState(true);
    };
    if (this.clock.now() - this.readySince >= this.options.backoff.initialMs) return connect();
    this.become('failed', why);
    this.reconnect = this.clock.setTimer(this.options.backoff.initialMs, connect, { ref: false });
  }

  /** The attempt itself goes on: grpc-js could not end it, and a peer that only was asleep answers it in the end. */
  private loseHope(): void {
    this.diagnosis += 1;
    const details = `cannot connect to ${this.peer}: no answer within ${CONNECT_TIMEOUT_MS} ms; does it hang, or is it no gRPC server?`;
    this.become('failed', { ...unavailable(details), reason: 'CONNECT_FAILED' });
  }

  private become(state: ConnectionState, why?: Status): void {
    this.why = why;
    if (this.current === state) return;
    this.current = state;
    this.patience?.cancel();
    if (state === 'connecting')
      this.patience = this.clock.setTimer(CONNECT_TIMEOUT_MS, () => this.loseHope(), { ref: false });
    queueMicrotask(() => {
      for (const listener of this.listeners) listener();
    });
  }

  private notReady(): Status {
    if (this.current === 'closed') return CLOSED;
    if (this.current === 'draining')
      return { ...unavailable(`the connection to ${this.peer} is draining`), reason: 'DRAINING' };
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

/** A port of 0 marks the path of a Unix socket. */
function targetOf({ host, port }: Address): string {
  if (host.startsWith('/')) return `unix:${host}`;
  return isIPv6(host) ? `ipv6:[${host}]:${port}` : isIPv4OrName(host, port);
}

const isIPv4OrName = (host: string, port: number): string =>
  /^[\d.]+$/.test(host) ? `ipv4:${host}:${port}` : `dns:///${host}:${port}`;
