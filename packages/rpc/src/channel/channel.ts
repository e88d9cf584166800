import type { Call, Failure, Handler, Outcome, Runtime, Status, Timer } from '@breakwater/core';
import { ConfigError, fail } from '@breakwater/core';
import {
  eligible,
  type Endpoint,
  type EndpointSet,
  parseTarget,
  type Picker,
  type PickerFactory,
  type Registry,
  type Target,
  type Watcher,
} from '@breakwater/discovery';
import { type CallCredentials, WAIT_FOR_READY } from '../client/options.js';
import type { Method } from '../method/method.js';
import type { ClientLimits } from '../transport/limits.js';
import type { ClientTls } from '../transport/tls.js';
import type { Address, ConnectBackoff, Connection, Transport } from '../transport/transport.js';
import { atMost } from './at-most.js';
import { authorityOf } from './authority.js';
import { withCredentials } from './credentials.js';
import { allFailed, CLOSED, describeSlots, noEndpoints, waitedTooLong } from './no-connection.js';
import { Slot } from './slot.js';
import { transparentRetry } from './transparent-retry.js';
import { type ChannelState, StateWatch } from './state-watch.js';
import { WaitingRoom } from './waiting-room.js';

export interface ChannelOptions {
  /** Target URI, such as `consul:///payments`. */
  readonly target: string;
  /** The registry that serves the target's scheme. */
  readonly registry: Registry;
  readonly transport: Transport;
  readonly picker: PickerFactory;
  readonly limits: ClientLimits;
  readonly backoff: ConnectBackoff;
  readonly runtime: Runtime;
  /** `:authority` and the name that TLS verifies; default: the service name of the target. */
  readonly authority?: string | undefined;
  readonly tls?: ClientTls | undefined;
  readonly credentials?: CallCredentials | undefined;
  /** How long the calls in flight on an endpoint that has gone from the registry may take. */
  readonly drainGraceMs: number;
}

/** What a channel knows at one moment, for logs and tools. */
export interface ChannelSnapshot {
  readonly target: string;
  readonly waiting: number;
  readonly stale: boolean;
  readonly endpoints: readonly {
    readonly id: string;
    readonly health: string;
    readonly state: string;
    readonly inFlight: number;
  }[];
}

/**
 * A virtual connection to a target: endpoint set -> connections -> picker. Nothing happens before the first call or
 * `connect()`; then every eligible endpoint is connected, calls go only to READY connections, endpoints in trouble are
 * passed by while others are left, and endpoints that vanish are drained. A call that finds no READY connection waits
 * while one is being made, and fails at once (unless it waits for ready) when all have failed or there is nobody to call.
 */
export class Channel {
  readonly target: Target;
  /** `:authority` of every call. */
  readonly authority: string;
  /** Whose clock the deadlines of its calls are read from. */
  readonly runtime: Runtime;
  private readonly waiting: WaitingRoom;
  private readonly slots = new Map<string, Slot>();
  private watcher: Watcher | undefined;
  private set: EndpointSet | undefined;
  private picker: Picker<Slot> | undefined;
  private reviewTimer: Timer | undefined;
  private closing: Promise<void> | undefined;
  private readonly states = new StateWatch(() => this.state);
  /** Endpoints that have left the registry while calls were in flight on them, each with the end of those. */
  private readonly leaving = new Map<Slot, Promise<void>>();

  /** @throws ConfigError when the target is malformed or of another scheme than the registry's, or the TLS settings cannot be used */
  constructor(private readonly options: ChannelOptions) {
    this.target = parseTarget(options.target);
    if (this.target.scheme !== options.registry.scheme) {
      throw new ConfigError(
        'target',
        options.target,
        `a ${options.registry.scheme}:// URI, as the registry is ${options.registry.description}`,
      );
    }
    this.authority = options.authority ?? authorityOf(this.target);
    this.runtime = options.runtime;
    this.waiting = new WaitingRoom(options.runtime);
    // Nothing is opened by this; PEMs that cannot be read are to be a mistake of today, not of the first call.
    if (options.tls !== undefined) this.open({ host: '127.0.0.1', port: 1 }).close();
  }

  /** The leaf of a client stack: picks an endpoint and runs the call there. */
  handler(method: Method): Handler {
    const dispatch: Handler = (call) => this.dispatch(method, call);
    const { credentials, tls, runtime } = this.options;
    return withCredentials(dispatch, credentials, tls !== undefined, runtime.clock);
  }

  /** Whether a call would go out now (`ready`), wait (`idle`, `connecting`) or fail at once (`failed`, `closed`). */
  get state(): ChannelState {
    if (this.closing !== undefined) return 'closed';
    if (this.watcher === undefined) return 'idle';
    if (this.picker !== undefined) return 'ready';
    return this.waits() ? 'connecting' : 'failed';
  }

  /** Calls `listener` soon after `state` has changed, never from within a method of this object. @returns ends it */
  onStateChange(listener: () => void): () => void {
    return this.states.subscribe(listener);
  }

  /**
   * Looks the target up and connects, as the first call would. Later calls, and those after `close`, change nothing.
   * @throws Error when the registry does not serve such a target, or is closed
   */
  connect(): void {
    if (this.closing !== undefined || this.watcher !== undefined) return;
    this.watcher = this.startWatching();
    this.states.check();
  }

  snapshot(): ChannelSnapshot {
    return {
      target: this.options.target,
      waiting: this.waiting.size,
      stale: this.set?.stale ?? false,
      endpoints: [...this.slots.values()].map(({ endpoint, connection, inFlight }) => ({
        id: endpoint.id,
        health: endpoint.health,
        state: connection.state,
        inFlight,
      })),
    };
  }

  /**
   * Ends the channel. Calls that wait for a connection end with UNAVAILABLE, reason CLIENT_CLOSED; those in flight may
   * finish within `graceMs`, also those on endpoints that have left the registry. Later calls give the same promise.
   */
  close(graceMs = 0): Promise<void> {
    if (this.closing === undefined) {
      this.closing = this.end(graceMs);
      this.states.check();
    }
    return this.closing;
  }

  private async end(graceMs: number): Promise<void> {
    this.watcher?.close();
    this.reviewTimer?.cancel();
    this.picker = undefined;
    this.waiting.dismiss(CLOSED, true);
    const slots = [...this.slots.values()];
    this.slots.clear();
    if (graceMs > 0) {
      const left = Promise.all(this.leaving.values());
      await Promise.all([
        ...slots.map((slot) => slot.drain(graceMs)),
        ...(this.leaving.size === 0 ? [] : [atMost(this.options.runtime.clock, graceMs, left)]),
      ]);
    }
    for (const slot of [...slots, ...this.leaving.keys()]) slot.close();
  }

  private dispatch(method: Method, call: Call): Promise<Outcome> {
    const slot = this.picker?.pick(call.tried);
    if (slot?.ready === true) return slot.run(method, call);
    if (this.closing !== undefined) return Promise.resolve(fail(CLOSED));
    try {
      this.connect();
    } catch (error) {
      // The registry does not serve such a target, or is closed.
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
    const waitForReady = call.attributes.get(WAIT_FOR_READY) === true;
    const hopeless = waitForReady ? undefined : this.hopeless();
    if (hopeless !== undefined) return Promise.resolve(fail(hopeless));
    return this.waiting.wait(
      call,
      waitForReady,
      () => this.dispatch(method, call),
      () => this.lateStatus(),
    );
  }

  private placeAgain(failure: Failure, method: Method, call: Call): Promise<Outcome> | undefined {
    if (this.closing !== undefined) return undefined;
    const again = transparentRetry(failure, call);
    return again === undefined ? undefined : this.dispatch(method, again);
  }

  private startWatching(): Watcher {
    const watcher = this.options.registry.watch(this.target);
    watcher.subscribe((set) => this.onEndpoints(set));
    if (watcher.current !== undefined) this.onEndpoints(watcher.current);
    return watcher;
  }

  private onEndpoints(set: EndpointSet): void {
    if (this.closing !== undefined) return;
    this.set = set;
    const wanted = new Map(eligible(set.endpoints).map((endpoint) => [endpoint.id, endpoint]));
    for (const [id, slot] of this.slots) {
      if (sameConnection(wanted.get(id), slot.endpoint)) continue;
      this.slots.delete(id);
      this.leaving.set(slot, this.leave(slot));
    }
    for (const endpoint of wanted.values()) {
      const slot = this.slots.get(endpoint.id);
      if (slot !== undefined) slot.endpoint = endpoint;
      else this.slots.set(endpoint.id, this.openSlot(endpoint));
    }
    this.review();
  }

  private openSlot(endpoint: Endpoint): Slot {
    const connection = this.open(endpoint);
    const slot = new Slot(
      endpoint,
      connection,
      this.options.runtime,
      (lost) => this.review(lost),
      (failure, method, call) => this.placeAgain(failure, method, call),
    );
    connection.connect();
    return slot;
  }

  private open(address: Address): Connection {
    const { transport, tls, limits, backoff, runtime } = this.options;
    return transport.connect(address, { authority: this.authority, tls, limits, backoff, runtime });
  }

  private async leave(slot: Slot): Promise<void> {
    await slot.leave(this.options.drainGraceMs);
    this.leaving.delete(slot);
  }

  /** Makes a new picker from what is READY now, and lets waiting calls go on or go away. */
  private review(lost = false): void {
    if (this.closing !== undefined) return;
    if (lost) this.watcher?.refresh?.();
    const ready: Slot[] = [];
    for (const slot of this.slots.values()) {
      // A connection that was lost while idle, or left by GOAWAY, is made anew: the next call must not pay for it.
      if (slot.connection.state === 'idle') slot.connection.connect();
      if (slot.ready) ready.push(slot);
    }
    const trusted = this.withoutTroubled(ready);
    this.picker =
      ready.length === 0 ? undefined : this.options.picker(trusted, this.options.runtime.random, this.picker);
    this.states.check();
    if (this.picker !== undefined) return this.waiting.admitAll();
    const hopeless = this.hopeless();
    if (hopeless !== undefined) this.waiting.dismiss(hopeless);
  }

  private withoutTroubled(ready: readonly Slot[]): readonly Slot[] {
    this.reviewTimer?.cancel();
    this.reviewTimer = undefined;
    if (ready.every((slot) => slot.troubledUntil === Number.NEGATIVE_INFINITY)) return ready;
    const { clock } = this.options.runtime;
    const now = clock.now();
    const trusted = ready.filter((slot) => slot.troubledUntil <= now);
    const next = Math.min(...ready.map((slot) => slot.troubledUntil).filter((until) => until > now));
    if (next !== Number.POSITIVE_INFINITY) {
      this.reviewTimer = clock.setTimer(next - now, () => this.review(), { ref: false });
    }
    return trusted.length > 0 ? trusted : ready;
  }

  /** Whether a connection may still come: nobody knows the endpoints yet, or one of them has not failed. */
  private waits(): boolean {
    if (this.set === undefined) return true;
    for (const slot of this.slots.values()) if (!slot.failing) return true;
    return false;
  }

  /** Why waiting makes no sense, or undefined while it does. */
  private hopeless(): Status | undefined {
    if (this.waits()) return undefined;
    const { target } = this.options;
    return this.slots.size > 0
      ? allFailed(target, [...this.slots.values()])
      : (this.set?.unavailable ?? noEndpoints(target));
  }

  private lateStatus(): Status {
    const why =
      this.set === undefined
        ? `${this.options.registry.description} has not answered yet`
        : (this.hopeless()?.details ??
          `its endpoints are still being connected (${describeSlots([...this.slots.values()])})`);
    return waitedTooLong(this.options.target, why);
  }
}

/** Whether the connection of an endpoint serves what the registry says of it now. */
const sameConnection = (now: Endpoint | undefined, before: Endpoint): boolean =>
  now?.generation === before.generation && now.host === before.host && now.port === before.port;
