import { connectivityState } from '@grpc/grpc-js';
import type { Clock, Timer } from '@breakwater/core';
import type { Channel, ChannelState } from '@breakwater/rpc';
import { type GrpcDeadline, instantOf } from './parent-call.js';

const STATES: Readonly<Record<ChannelState, connectivityState>> = {
  idle: connectivityState.IDLE,
  connecting: connectivityState.CONNECTING,
  ready: connectivityState.READY,
  failed: connectivityState.TRANSIENT_FAILURE,
  closed: connectivityState.SHUTDOWN,
};

type Callback = (error?: Error) => void;

interface Watch {
  readonly from: connectivityState;
  readonly callback: Callback;
  readonly timer: Timer | undefined;
}

/** The state of a channel as grpc-js counts it, and those who wait for it to change. Listens only while somebody waits. */
export class Connectivity {
  private readonly watches = new Set<Watch>();
  private stop: (() => void) | undefined;
  private shut = false;

  constructor(
    private readonly channel: Channel,
    private readonly clock: Clock,
  ) {}

  get state(): connectivityState {
    return this.shut ? connectivityState.SHUTDOWN : STATES[this.channel.state];
  }

  /** @throws Error as `Channel.connect` */
  connect(): void {
    if (!this.shut) this.channel.connect();
  }

  /**
   * Calls back once: without an error when the state is, or becomes, another than `from`, else with one at the deadline.
   * @throws Error when the channel is shut down already
   */
  watch(from: connectivityState, deadline: GrpcDeadline, callback: Callback): void {
    if (this.state === connectivityState.SHUTDOWN) throw new Error('Channel has been shut down');
    const leftMs = instantOf(deadline) - this.clock.wallNow();
    if (leftMs <= 0) return process.nextTick(callback, new Error(LATE));
    if (this.state !== from) return process.nextTick(callback);
    const watch: Watch = {
      from,
      callback,
      timer:
        leftMs === Number.POSITIVE_INFINITY
          ? undefined
          : this.clock.setTimer(leftMs, () => this.end(watch, new Error(LATE))),
    };
    this.watches.add(watch);
    this.stop ??= this.channel.onStateChange(() => this.check());
  }

  /** From now on the state is SHUTDOWN, whatever becomes of the channel. */
  shutDown(): void {
    this.shut = true;
    this.check();
  }

  private check(): void {
    const { state } = this;
    for (const watch of this.watches) if (watch.from !== state) this.end(watch);
  }

  private end(watch: Watch, error?: Error): void {
    watch.timer?.cancel();
    this.watches.delete(watch);
    if (this.watches.size === 0) {
      this.stop?.();
      this.stop = undefined;
    }
    process.nextTick(watch.callback, error);
  }
}

const LATE = 'Deadline passed without connectivity state change';
