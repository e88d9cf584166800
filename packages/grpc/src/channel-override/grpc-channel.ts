import type { ChannelInterface, ServiceDefinition } from '@grpc/grpc-js';
import { Code, ConfigError, requireKnownKeys, type Around, type Runtime, type Status } from '@breakwater/core';
import type { Channel, Method } from '@breakwater/rpc';
import { Connectivity } from './connectivity.js';
import { EndOfTick } from './end-of-tick.js';
import { type CallHost, type GrpcCall, OverrideCall } from './override-call.js';
import { type GrpcDeadline, inherit, type ParentCall } from './parent-call.js';
import { Routes } from './routes.js';

export interface GrpcChannelOptions {
  /** In front of the channel for every method. Default: calls go straight to the channel. */
  readonly policies?: Around | undefined;
  /** The same for each method apart, asked once per method. Instead of `policies`. */
  readonly stackFor?: ((method: Method) => Around) | undefined;
  /**
   * The services called through it, as `@grpc/proto-loader` or a generator defines them. They tell policies which of the
   * four kinds a method is, and `retry` what may be repeated. Default: none known; every response counts as a stream then.
   */
  readonly services?: readonly ServiceDefinition[] | undefined;
  /** Clock and events. Default: the channel's own. */
  readonly runtime?: Runtime | undefined;
}

/**
 * A channel of ours in the place of grpc-js' own: `new Stub('', credentials, { channelOverride: grpcChannel(channel) })`.
 * Discovery, balancing and transport are those of the channel; stubs, interceptors and everything that an application
 * does with them stay as they are. Address, credentials and channel options that the stub is given besides are not used.
 *
 * Closing a stub closes the adapter, for all stubs that share it: later calls end with UNAVAILABLE, reason CLIENT_CLOSED,
 * those that have begun go on. The channel stays open: it belongs to whoever made it.
 *
 * Call credentials need a channel with TLS; elsewhere such a call ends with UNAUTHENTICATED. `getAuthContext()` is null.
 * The call option `host` throws a ConfigError: the authority is the channel's.
 *
 * @throws ConfigError for something that is no channel of ours, for options that are unknown or of another kind, and for
 *   `policies` together with `stackFor`
 */
export function grpcChannel(channel: Channel, options: GrpcChannelOptions = {}): ChannelInterface {
  requireKnownKeys('grpcChannel', options, ['policies', 'stackFor', 'services', 'runtime']);
  if (typeof (channel as Partial<Channel> | undefined)?.handler !== 'function')
    throw new ConfigError('grpcChannel.channel', channel, 'a Channel of @breakwater/rpc');
  const { policies, stackFor, services = [], runtime = channel.runtime } = options;
  requireFunction('policies', policies, 'policies composed by stack(...)');
  requireFunction('stackFor', stackFor, 'a function that gives the policies of a method, composed by stack(...)');
  if (policies !== undefined && stackFor !== undefined) {
    const rule = 'grpcChannel.policies and grpcChannel.stackFor exclude each other';
    throw ConfigError.rule('grpcChannel.stackFor', stackFor, rule);
  }
  const routes = new Routes({ channel, services, stackFor: policies === undefined ? stackFor : () => policies });
  return new ChannelOverride(channel, routes, runtime);
}

function requireFunction(option: string, given: unknown, what: string): void {
  if (given !== undefined && typeof given !== 'function') throw new ConfigError(`grpcChannel.${option}`, given, what);
}

class ChannelOverride implements ChannelInterface, CallHost {
  readonly target: string;
  readonly authority: string;
  readonly clock: Runtime['clock'];
  readonly events: Runtime['events'];
  readonly endOfTick = new EndOfTick();
  closed: Status | undefined;
  private readonly connectivity: Connectivity;
  private calls = 0;

  constructor(
    channel: Channel,
    private readonly routes: Routes,
    runtime: Runtime,
  ) {
    this.target = channel.target.uri;
    this.authority = channel.authority;
    this.clock = runtime.clock;
    this.events = runtime.events;
    this.connectivity = new Connectivity(channel, runtime.clock);
  }

  createCall(
    path: string,
    deadline: GrpcDeadline,
    host?: string | null,
    parent?: ParentCall | null,
    propagateFlags?: number | null,
  ): GrpcCall {
    if (typeof path !== 'string') throw new TypeError('Channel#createCall: method must be a string');
    if (typeof deadline !== 'number' && !isDate(deadline))
      throw new TypeError('Channel#createCall: deadline must be a number or Date');
    if (host !== undefined && host !== null && host !== this.authority)
      throw new ConfigError(
        'call options.host',
        host,
        `nothing, or the authority of the channel ("${this.authority}")`,
      );
    this.calls += 1;
    return new OverrideCall(this, this.routes.of(path), inherit(deadline, parent, propagateFlags), this.calls);
  }

  close(): void {
    this.closed ??= CLOSED;
    this.connectivity.shutDown();
  }

  getTarget(): string {
    return this.target;
  }

  getConnectivityState(tryToConnect: boolean): ReturnType<ChannelInterface['getConnectivityState']> {
    if (tryToConnect) this.connectivity.connect();
    return this.connectivity.state;
  }

  watchConnectivityState(...[state, deadline, callback]: Parameters<ChannelInterface['watchConnectivityState']>): void {
    this.connectivity.watch(state, deadline, callback);
  }

  /** As of a grpc-js channel with channelz turned off. */
  getChannelzRef(): ReturnType<ChannelInterface['getChannelzRef']> {
    return { kind: 'channel' as never, id: -1, name: '' };
  }
}

const isDate = (value: unknown): boolean => Object.prototype.toString.call(value) === '[object Date]';

const CLOSED: Status = {
  code: Code.UNAVAILABLE,
  reason: 'CLIENT_CLOSED',
  details: 'channel closed',
  origin: 'local',
};
