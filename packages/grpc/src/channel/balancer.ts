import { connectivityState, type ChannelOptions } from '@grpc/grpc-js';
import type { Random } from '@breakwater/core';
import type { Candidate, Endpoint, Picker, PickerFactory } from '@breakwater/discovery';
import {
  createChildChannelControlHelper,
  LeafLoadBalancer,
  QueuePicker,
  UnavailablePicker,
  type ChannelControlHelper,
  type GrpcEndpoint,
  type GrpcPicker,
  type Leaf,
  type LoadBalancer,
  type PickArgs,
  type PickResult,
  type StatusOr,
  type TypedLoadBalancingConfig,
} from './experimental.js';
import { addressKey, ENDPOINTS_ATTRIBUTE } from './resolver.js';

/** One endpoint with its connection, kept over updates of the list. */
class Child implements Candidate {
  inFlight = 0;
  readonly onStarted = (): void => {
    this.inFlight += 1;
  };
  readonly onEnded = (): void => {
    this.inFlight -= 1;
  };

  constructor(
    readonly leaf: Leaf,
    public endpoint: Endpoint,
  ) {}
}

/** Asks one of our pickers for a READY endpoint, and counts the calls in flight that it goes by. */
class CountingPicker implements GrpcPicker {
  constructor(readonly picker: Picker<Child>) {}

  pick(args: PickArgs): PickResult {
    const child = this.picker.pick([]);
    if (child === undefined) return new UnavailablePicker().pick(args);
    const result = child.leaf.getPicker().pick(args);
    if (result.subchannel === null) return result;
    const { onCallStarted, onCallEnded } = result;
    return {
      ...result,
      onCallStarted: () => {
        child.onStarted();
        onCallStarted?.();
      },
      onCallEnded: (code, details, metadata) => {
        child.onEnded();
        onCallEnded?.(code, details, metadata);
      },
    };
  }
}

/**
 * A grpc-js load-balancing policy around one of our pickers: every endpoint of the list is kept connected, calls go to
 * READY ones, and a connection survives updates of the list that still contain its endpoint.
 */
export class PickerBalancer implements LoadBalancer {
  private readonly children = new Map<string, Child>();
  private readonly helper: ChannelControlHelper;
  private picker: Picker<Child> | undefined;
  private state: connectivityState = connectivityState.IDLE;
  private paused = false;
  private lastError = 'none';

  constructor(
    private readonly control: ChannelControlHelper,
    private readonly typeName: string,
    private readonly createPicker: PickerFactory,
    private readonly random: Random,
  ) {
    this.helper = createChildChannelControlHelper(control, {
      updateState: (state, _picker, error) => {
        if (error !== null) this.lastError = error;
        if (this.state === connectivityState.READY && state !== connectivityState.READY)
          this.control.requestReresolution();
        this.update();
      },
    });
  }

  updateAddressList(
    list: StatusOr<GrpcEndpoint[]>,
    config: TypedLoadBalancingConfig,
    options: ChannelOptions,
    note: string,
  ): boolean {
    if (config.getLoadBalancerName() !== this.typeName) return false;
    if (!list.ok) {
      if (this.children.size === 0)
        this.report(connectivityState.TRANSIENT_FAILURE, new UnavailablePicker(list.error), list.error.details);
      return true;
    }
    const known = options[ENDPOINTS_ATTRIBUTE] as ReadonlyMap<string, Endpoint> | undefined;
    this.paused = true;
    const wanted = new Map(list.value.map((endpoint) => [addressKey(endpoint), endpoint]));
    for (const key of [...this.children.keys()]) if (!wanted.has(key)) this.drop(key);
    for (const [key, endpoint] of wanted)
      this.keep(key, endpoint, known?.get(key) ?? plainEndpoint(key), options, note);
    this.paused = false;
    if (wanted.size === 0) this.lastError = note === '' ? 'the list of endpoints is empty' : note;
    // Weights and health may have changed although no connection did.
    this.picker = undefined;
    this.update();
    return true;
  }

  exitIdle(): void {
    for (const { leaf } of this.children.values()) leaf.exitIdle();
  }

  resetBackoff(): void {
    // The leaves reset theirs when they connect.
  }

  destroy(): void {
    for (const key of [...this.children.keys()]) this.drop(key);
  }

  getTypeName(): string {
    return this.typeName;
  }

  private keep(key: string, endpoint: GrpcEndpoint, facts: Endpoint, options: ChannelOptions, note: string): void {
    const child = this.children.get(key);
    if (child !== undefined && child.endpoint.generation === facts.generation) {
      child.endpoint = facts;
      return;
    }
    // Registered anew: its connection backoff starts afresh.
    if (child !== undefined) this.drop(key);
    const leaf = new LeafLoadBalancer(endpoint, this.helper, options, note);
    this.children.set(key, new Child(leaf, facts));
    leaf.startConnecting();
  }

  private drop(key: string): void {
    this.children.get(key)?.leaf.destroy();
    this.children.delete(key);
  }

  private update(): void {
    if (this.paused) return;
    const all = [...this.children.values()];
    const count = (state: connectivityState): number =>
      all.filter(({ leaf }) => leaf.getConnectivityState() === state).length;
    if (count(connectivityState.READY) > 0) {
      const ready = all.filter(({ leaf }) => leaf.getConnectivityState() === connectivityState.READY);
      this.picker = this.createPicker(ready, this.random, this.picker);
      this.report(connectivityState.READY, new CountingPicker(this.picker), null);
    } else if (count(connectivityState.CONNECTING) > 0)
      this.report(connectivityState.CONNECTING, new QueuePicker(this), null);
    else if (all.length === 0 || count(connectivityState.TRANSIENT_FAILURE) > 0) {
      const details = `${this.typeName}: no endpoint is connected; last error: ${this.lastError}`;
      this.report(connectivityState.TRANSIENT_FAILURE, new UnavailablePicker({ details }), details);
    } else this.report(connectivityState.IDLE, new QueuePicker(this), null);
    for (const { leaf } of all) if (leaf.getConnectivityState() === connectivityState.IDLE) leaf.exitIdle();
  }

  private report(state: connectivityState, picker: GrpcPicker, error: string | null): void {
    this.state = state;
    this.control.updateState(state, picker, error);
  }
}

/** What is known of an endpoint that no registry of ours has told of. */
function plainEndpoint(key: string): Endpoint {
  const [host = '', port = '0'] = key.split('|');
  return { id: key, host, port: Number(port), health: 'passing', weight: 1, tags: [], meta: {}, generation: '' };
}
