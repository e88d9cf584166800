import {
  Metadata as GrpcMetadata,
  status as grpcStatus,
  type CallCredentials as GrpcCallCredentials,
  type ChannelInterface,
  type InterceptingListener,
} from '@grpc/grpc-js';
import {
  Attributes,
  Cancellation,
  Code,
  fail,
  Metadata,
  toCode,
  type Call,
  type Clock,
  type Outcome,
  type PolicyEvents,
  type Status,
} from '@breakwater/core';
import { CALL_CREDENTIALS, WAIT_FOR_READY } from '@breakwater/rpc';
import { callCredentials } from './call-credentials.js';
import type { EndOfTick, Waiting } from './end-of-tick.js';
import { requestMetadata } from './metadata-copies.js';
import type { Inherited, ParentCall } from './parent-call.js';
import { RequestIntake } from './request-intake.js';
import { ResponseRelay } from './response-relay.js';
import type { PathRoutes, Route } from './routes.js';

/** A call as grpc-js' stubs and interceptors use it. */
export type GrpcCall = ReturnType<ChannelInterface['createCall']>;
type MessageContext = Parameters<GrpcCall['sendMessageWithContext']>[0];

/** What all calls of a channel share. */
export interface CallHost {
  readonly target: string;
  readonly authority: string;
  readonly clock: Clock;
  readonly events: PolicyEvents;
  readonly endOfTick: EndOfTick;
  /** Why no call is begun any more, or undefined. */
  readonly closed: Status | undefined;
}

const NONE_TRIED: readonly string[] = Object.freeze([]);

/**
 * One call of a stub, on its way through the policies and a channel of ours instead of grpc-js' own.
 *
 * What the stub does in the tick of `start` tells what the call needs: one message and the half-close, and it begins with
 * that one request; anything else, and it begins at the end of the tick with a stream of requests. A call that is
 * cancelled before it has begun never begins. Cancelling takes effect at once, whatever the policies are doing.
 */
export class OverrideCall implements GrpcCall, Waiting {
  private readonly relay = new ResponseRelay();
  private readonly intake = new RequestIntake(this.relay);
  private readonly cancellation = new Cancellation();
  private metadata = Metadata.EMPTY;
  private attributes = Attributes.EMPTY;
  private begun = false;
  private over = false;
  private peer: string | undefined;
  /** Made for calls that have a parent. */
  private onParentCancelled: (() => void) | undefined;

  constructor(
    private readonly host: CallHost,
    private readonly routes: PathRoutes,
    private readonly inherited: Inherited,
    private readonly callNumber: number,
  ) {}

  setCredentials(credentials: GrpcCallCredentials): void {
    const provider = callCredentials(credentials, this.host.authority);
    if (provider !== undefined) this.attributes = this.attributes.with(CALL_CREDENTIALS, provider);
  }

  start(metadata: GrpcMetadata, listener: InterceptingListener): void {
    const { closed, endOfTick } = this.host;
    const { parent } = this.inherited;
    this.relay.listen(listener);
    if (this.over) return;
    if (closed !== undefined) return this.endSoon(closed);
    if (parent !== undefined && this.follow(parent)) return;
    this.metadata = requestMetadata(metadata);
    if (metadata.getOptions().waitForReady === true) this.attributes = this.attributes.with(WAIT_FOR_READY, true);
    endOfTick.add(this);
  }

  startRead(): void {
    this.relay.pull();
  }

  sendMessageWithContext(context: MessageContext, message: Buffer): void {
    this.intake.push(message, context.callback);
  }

  halfClose(): void {
    this.intake.end();
    if (this.begun || this.over) return;
    const request = this.intake.takeOnly();
    if (request !== undefined) this.begin('one', request, undefined);
  }

  cancelWithStatus(code: grpcStatus, details: string): void {
    if (!this.relay.cancel({ code, details, metadata: new GrpcMetadata() })) return;
    const reason = code === grpcStatus.CANCELLED ? 'CANCELLED' : undefined;
    this.over = true;
    // Before the requests end: the transport must not take what it has seen of them for the whole.
    this.cancellation.cancel({ code: toCode(code), details, origin: 'local', reason });
    this.release();
  }

  /** Id of the endpoint, once the call is over; the target until then. */
  getPeer(): string {
    return this.peer ?? this.host.target;
  }

  getCallNumber(): number {
    return this.callNumber;
  }

  /** Nothing is known of connections above the transport seam. */
  getAuthContext(): null {
    return null;
  }

  onEndOfTick(): void {
    if (this.begun || this.over) return;
    this.relay.runInAsyncScope(this.begin, this, 'many', undefined, this.intake.stream());
  }

  private begin(way: 'one' | 'many', request: Buffer | undefined, requests: AsyncIterable<unknown> | undefined): void {
    const { host, relay } = this;
    let route: Route;
    try {
      route = this.routes[way];
    } catch (error) {
      // Policies are composed at the first call.
      return this.endSoon(policyFailed(error));
    }
    const now = host.clock.now();
    const call: Call = {
      operation: route.operation,
      target: host.target,
      deadline: this.deadline(now),
      now,
      metadata: this.metadata,
      request,
      requests,
      responses: route.unary ? undefined : relay,
      cancellation: this.cancellation,
      attempt: 1,
      attributes: this.attributes,
      tried: NONE_TRIED,
    };
    this.begun = true;
    relay.hold();
    try {
      route.handler(call).then(this.settle, (error: unknown) => this.defect(call, error));
    } catch (error) {
      this.defect(call, error);
    }
    relay.open();
  }

  /** @returns whether it is cancelled already */
  private follow(parent: ParentCall): boolean {
    const cancel = (): void => this.cancelWithStatus(grpcStatus.CANCELLED, 'Cancelled by parent call');
    if (parent.cancelled) {
      cancel();
      return true;
    }
    this.onParentCancelled = cancel;
    parent.on('cancelled', cancel);
    return false;
  }

  /** On the clock of the channel. */
  private deadline(now: number): number {
    const { deadlineAt } = this.inherited;
    if (deadlineAt === Number.POSITIVE_INFINITY) return deadlineAt;
    return now + Math.max(0, deadlineAt - this.host.clock.wallNow());
  }

  private readonly settle = (outcome: Outcome): void => {
    if (this.over) return;
    this.over = true;
    this.peer = outcome.peer;
    this.release();
    this.relay.end(outcome);
  };

  /** A policy threw: a mistake that the application must not have to wait for its deadline to see. */
  private defect(call: Call, error: unknown): void {
    const { events } = this.host;
    if (events.listening) events.emit({ type: 'defect', policy: 'recover', call, error });
    this.endSoon(policyFailed(error));
  }

  /** Not at once, but before anything else: the stub's handlers are attached when the method that made the call has returned. */
  private endSoon(status: Status): void {
    this.begun = true;
    queueMicrotask(() => this.settle(fail(status)));
  }

  private release(): void {
    if (this.onParentCancelled !== undefined)
      this.inherited.parent?.removeListener('cancelled', this.onParentCancelled);
    this.intake.close();
  }
}

const policyFailed = (error: unknown): Status => ({
  code: Code.INTERNAL,
  origin: 'local',
  reason: 'HANDLER_DEFECT',
  details: `a policy failed: ${error instanceof Error ? error.message : String(error)}`,
  cause: error,
});
