import type { ServiceDefinition } from '@grpc/grpc-js';
import type { Around, Handler, Idempotency, Operation, RpcKind } from '@breakwater/core';
import type { Channel, Method } from '@breakwater/rpc';
import { idempotencyOf, kindOf } from '../interceptor/operations.js';
import { rawMethod } from './raw-method.js';

/** Paths come from generated code and are few; this only bounds what somebody who makes them up can cost. */
const MAX_PATHS = 1000;

/** A method ready to be called in one of the two ways in which stubs call. */
export interface Route {
  /** As policies see the method. */
  readonly operation: Operation;
  readonly handler: Handler;
  /** The response comes with the outcome, not through a sink. */
  readonly unary: boolean;
}

/** The routes of one path, each composed when its first call comes. */
export interface PathRoutes {
  readonly path: string;
  /** For one request message that is there when the call begins. */
  readonly one: Route;
  /** For request messages that come as they come. */
  readonly many: Route;
}

/** What is needed to make routes. */
export interface RouteSource {
  readonly channel: Channel;
  /** The policies in front of the channel, for one method. */
  readonly stackFor: ((method: Method) => Around) | undefined;
  readonly services: readonly ServiceDefinition[];
}

/**
 * Finds the routes of a path. `createCall` is told the path only: without a definition every response counts as a stream,
 * which on the wire is the same. Policies are composed once per path and way of calling; of more than 1,000 paths, those
 * first seen are forgotten first.
 */
export class Routes {
  private readonly known = new Map<string, PathRoutes>();
  private readonly kinds: ReadonlyMap<string, RpcKind>;
  private readonly idempotency: ReadonlyMap<string, Idempotency>;

  constructor(private readonly source: RouteSource) {
    const definitions = source.services.flatMap((service) => Object.values(service));
    this.kinds = new Map(definitions.map((definition) => [definition.path, kindOf(definition)]));
    this.idempotency = idempotencyOf(source.services);
  }

  of(path: string): PathRoutes {
    const known = this.known.get(path);
    if (known !== undefined) return known;
    const [oldest] = this.known.keys();
    if (oldest !== undefined && this.known.size >= MAX_PATHS) this.known.delete(oldest);
    const made = new LazyRoutes(path, this.kinds.get(path), this.idempotency.get(path) ?? 'unknown', this.source);
    this.known.set(path, made);
    return made;
  }
}

class LazyRoutes implements PathRoutes {
  private madeOne: Route | undefined;
  private madeMany: Route | undefined;

  constructor(
    readonly path: string,
    private readonly kind: RpcKind | undefined,
    private readonly idempotency: Idempotency,
    private readonly source: RouteSource,
  ) {}

  get one(): Route {
    return (this.madeOne ??= this.compose('server_stream', this.kind === 'unary' ? 'unary' : 'server_stream'));
  }

  get many(): Route {
    return (this.madeMany ??= this.compose('bidi', 'bidi'));
  }

  /**
   * @param assumed what policies are told where no definition says better
   * @param sent how the transport is called; responses are a stream there even if one is expected, so that headers come
   *   when they arrive
   */
  private compose(assumed: RpcKind, sent: RpcKind): Route {
    const { channel, stackFor } = this.source;
    const operation = rawMethod(this.path, this.kind ?? assumed, this.idempotency);
    const leaf = channel.handler(operation.kind === sent ? operation : rawMethod(this.path, sent, this.idempotency));
    const handler = stackFor === undefined ? leaf : stackFor(operation)(leaf);
    return { operation, handler, unary: sent === 'unary' };
  }
}
