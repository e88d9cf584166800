import type { EventEmitter } from 'node:events';
import {
  Metadata as GrpcMetadata,
  status as grpcStatus,
  type InterceptingListener,
  type InterceptorOptions,
  type NextCall,
  type StatusObject,
} from '@grpc/grpc-js';
import {
  Attributes,
  Cancellation,
  Code,
  Metadata,
  streamsRequest,
  streamsResponse,
  toCode,
  attributeKey,
  type AttributeKey,
  type Call,
  type Clock,
  type Handler,
  type Operation,
  type Outcome,
  type PolicyEvents,
} from '@breakwater/core';
import { encodeStatus } from '@breakwater/rpc';
import { ClientAttempt } from './client-attempt.js';
import { fromGrpc, toGrpc } from './metadata-bridge.js';
import { MessageQueue } from './message-queue.js';
import { PullSink } from './pull-sink.js';

/** What grpc-js' stubs and inner interceptors call. */
type Intercepting = ReturnType<NextCall>;
type MessageContext = Parameters<Intercepting['sendMessageWithContext']>[0];

/** The settings that all calls of an interceptor share. */
export interface ClientPolicyHost {
  readonly clock: Clock;
  readonly events: PolicyEvents;
  readonly target: string;
}

/** Leads the shared leaf back to the call that it works for. */
export const OWNER: AttributeKey<ClientPolicyCall> = attributeKey('grpc-client-call');

/**
 * One call of an application's stub, held back until the policies admit it: metadata, message and half-close are kept,
 * forwarded once per attempt, and the stub's listener is settled once, by the outcome.
 */
export class ClientPolicyCall implements Intercepting {
  private readonly cancellation = new Cancellation();
  private readonly queue: MessageQueue | undefined;
  private readonly sink: PullSink | undefined;
  private listener: Partial<InterceptingListener> = {};
  private template = new GrpcMetadata();
  private request: unknown;
  private attempt: ClientAttempt | undefined;
  private started = false;
  private readonly onParentCancelled = (): void =>
    this.cancelWithStatus(grpcStatus.CANCELLED, 'Cancelled by parent call');

  constructor(
    private readonly host: ClientPolicyHost,
    private readonly operation: Operation,
    private readonly handler: Handler,
    private readonly options: InterceptorOptions,
    private readonly nextCall: NextCall,
  ) {
    if (streamsRequest(operation)) this.queue = new MessageQueue();
    if (streamsResponse(operation)) {
      this.sink = new PullSink({
        headers: (metadata) => this.listener.onReceiveMetadata?.(toGrpc(metadata)),
        message: (message) => this.listener.onReceiveMessage?.(message),
      });
    }
  }

  start(metadata: GrpcMetadata, listener: Partial<InterceptingListener> = {}): void {
    this.template = metadata.clone();
    this.listener = listener;
    this.parent?.on('cancelled', this.onParentCancelled);
    if (this.queue !== undefined) this.begin();
  }

  sendMessageWithContext(context: MessageContext, message: unknown): void {
    if (this.queue !== undefined) return this.queue.push(message, context.callback);
    this.request = message;
    context.callback?.();
  }

  sendMessage(message: unknown): void {
    this.sendMessageWithContext({}, message);
  }

  halfClose(): void {
    if (this.queue !== undefined) this.queue.end();
    else this.begin();
  }

  startRead(): void {
    this.sink?.pull();
  }

  cancelWithStatus(status: grpcStatus, details: string): void {
    this.cancellation.cancel({ code: toCode(status), details, origin: 'local', reason: 'CANCELLED' });
    // A stub may be cancelled before it has sent its message: then nothing was begun that could end.
    if (!this.started && this.queue === undefined) this.begin();
  }

  getPeer(): string {
    return this.attempt?.getPeer() ?? 'unknown';
  }

  getAuthContext(): ReturnType<Intercepting['getAuthContext']> {
    return this.attempt?.getAuthContext() ?? null;
  }

  /** The leaf: one attempt with what the policies have made of the call. */
  run(call: Call): Promise<Outcome> {
    const attempt = new ClientAttempt(call, this.host.clock, this.options, this.nextCall, this.template);
    this.attempt = attempt;
    return attempt.run();
  }

  private begin(): void {
    if (this.started) return;
    this.started = true;
    const now = this.host.clock.now();
    const call: Call = {
      operation: this.operation,
      target: this.host.target,
      deadline: this.deadline(now),
      now,
      metadata: fromGrpc(this.template),
      request: this.request,
      requests: this.queue,
      responses: this.sink,
      cancellation: this.cancellation,
      attempt: 1,
      attributes: Attributes.EMPTY.with(OWNER, this),
      tried: [],
    };
    try {
      this.handler(call).then(this.settle, (error: unknown) => this.defect(call, error));
    } catch (error) {
      this.defect(call, error);
    }
  }

  /** The incoming call that this one is made for; all four kinds are emitters, which their union type hides. */
  private get parent(): EventEmitter | undefined {
    return this.options.parent as EventEmitter | undefined;
  }

  private deadline(now: number): number {
    const { deadline, parent } = this.options;
    // A Date becomes its milliseconds.
    const instants = [deadline, parent?.getDeadline()].map((one) => Number(one ?? Number.POSITIVE_INFINITY));
    const earliest = Math.min(...instants);
    return earliest === Number.POSITIVE_INFINITY ? earliest : now + (earliest - this.host.clock.wallNow());
  }

  private readonly settle = (outcome: Outcome): void => {
    this.parent?.removeListener('cancelled', this.onParentCancelled);
    void this.queue?.return();
    const { listener, sink } = this;
    if (sink !== undefined) return sink.whenEmpty(() => listener.onReceiveStatus?.(statusOf(outcome)));
    if (outcome.headers !== undefined && outcome.headers !== Metadata.EMPTY)
      listener.onReceiveMetadata?.(toGrpc(outcome.headers));
    listener.onReceiveMessage?.(outcome.ok ? (outcome.value ?? null) : null);
    listener.onReceiveStatus?.(statusOf(outcome));
  };

  /** A policy threw: a mistake that the application must not have to wait for its deadline to see. */
  private defect(call: Call, error: unknown): void {
    const { events } = this.host;
    if (events.listening) events.emit({ type: 'defect', policy: 'recover', call, error });
    const details = `a policy failed: ${error instanceof Error ? error.message : String(error)}`;
    this.settle({
      ok: false,
      status: { code: Code.INTERNAL, origin: 'local', reason: 'HANDLER_DEFECT', details, cause: error },
      trailers: Metadata.EMPTY,
      sent: 'unknown',
    });
  }
}

function statusOf(outcome: Outcome): StatusObject {
  if (outcome.ok) return { code: grpcStatus.OK, details: 'OK', metadata: toGrpc(outcome.trailers) };
  const wire = encodeStatus(outcome.status, outcome.trailers);
  return { code: wire.code, details: wire.message, metadata: toGrpc(wire.trailers) };
}
