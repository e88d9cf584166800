import type { Failure, Status } from '@breakwater/core';
import { fail, Metadata } from '@breakwater/core';
import { encodeStatus } from '../status/wire-status.js';
import { unknownMethodStatus } from '../status/unknown-method.js';
import type { Address, Listener, ListenOptions, ServedMethod } from '../transport/transport.js';
import { connectionLost, draining } from './failures.js';
import { checkHeaders, type HeaderLimit } from './header-list.js';
import { type Caller, IncomingCall, type SentCall } from './incoming-call.js';
import type { InProcessNetwork } from './network.js';

/** The server side of the in-process transport. */
export class InProcessListener implements Listener {
  private readonly calls = new Set<IncomingCall>();
  private readonly connections = new Set<() => void>();
  private readonly drains: (() => void)[] = [];
  private state: 'open' | 'draining' | 'closed' = 'open';

  constructor(
    private readonly network: InProcessNetwork,
    readonly address: Address,
    readonly options: ListenOptions,
    private readonly methods: ReadonlyMap<string, ServedMethod>,
  ) {}

  get inFlight(): number {
    return this.calls.size;
  }

  /** @param onGoAway called when this listener drains or closes @returns a function that detaches the connection */
  attach(onGoAway: () => void): () => void {
    this.connections.add(onGoAway);
    return () => this.connections.delete(onGoAway);
  }

  /** Why no call is taken any more, or undefined while calls are. Whatever it refuses was certainly not started. */
  refusal(peer: string): Failure | undefined {
    if (this.state === 'open') return undefined;
    return this.state === 'draining'
      ? fail(draining(`the server ${peer}`), 'refused')
      : fail(connectionLost(peer), 'no');
  }

  /** Takes a call, which the caller then lets run, or answers it at once. */
  accept(caller: Caller, sent: SentCall): IncomingCall | undefined {
    const { path, metadata, request } = sent;
    const limit: HeaderLimit = { maxHeaderBytes: this.options.limits.maxHeaderBytes, of: 'the server' };
    const served = this.methods.get(path);
    const large = checkHeaders('the request header list', metadata, limit, 'remote');
    if (large !== undefined || served === undefined)
      return refuse(caller, large ?? unknownMethodStatus(path, [...this.methods.keys()]));
    const message = request === undefined ? undefined : caller.paths.receiveRequest(served.method, request);
    if (message?.ok === false) return refuse(caller, message.status);
    const arrived = {
      target: this.options.name,
      metadata,
      ...this.onOwnClock(sent),
      request: message?.value,
      streamed: message === undefined,
    };
    const call = new IncomingCall(served, caller, arrived, this.onSettled);
    this.calls.add(call);
    return call;
  }

  drain(): Promise<void> {
    this.leave('draining');
    if (this.calls.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.drains.push(resolve));
  }

  close(): Promise<void> {
    this.leave('closed');
    const calls = [...this.calls];
    this.calls.clear();
    for (const call of calls) call.lose();
    this.settleDrains();
    return Promise.resolve();
  }

  private readonly onSettled = (call: IncomingCall): void => {
    this.calls.delete(call);
    if (this.calls.size === 0) this.settleDrains();
  };

  private settleDrains(): void {
    for (const settle of this.drains.splice(0)) settle();
  }

  /** Two runtimes may count from different instants: what is left of the time is the same for both. */
  private onOwnClock({ clock, now, deadline }: SentCall): Pick<SentCall, 'now' | 'deadline'> {
    const own = this.options.runtime.clock;
    if (own === clock) return { now, deadline };
    const instant = own.now();
    return { now: instant, deadline: instant + (deadline - now) };
  }

  private leave(state: 'draining' | 'closed'): void {
    const wasOpen = this.state === 'open';
    if (this.state !== 'closed') this.state = state;
    if (!wasOpen) return;
    this.network.remove(this);
    for (const goAway of [...this.connections]) goAway();
  }
}

function refuse(caller: Caller, status: Status): undefined {
  caller.onFailure(encodeStatus(status, Metadata.EMPTY));
  return undefined;
}
