import { status as grpcStatus, Metadata as GrpcMetadata, type ServerInterceptingCallInterface } from '@grpc/grpc-js';
import {
  attributeKey,
  Attributes,
  Cancellation,
  Code,
  Metadata,
  streamsRequest,
  streamsResponse,
  type AttributeKey,
  type Call,
  type Clock,
  type Failure,
  type Handler,
  type Operation,
  type Outcome,
  type PolicyEvents,
  type ResponseSink,
  type Status,
} from '@breakwater/core';
import { decodeStatus, encodeStatus, PEER } from '@breakwater/rpc';
import { fromGrpc, toGrpc } from './metadata-bridge.js';

type GrpcListener = Parameters<ServerInterceptingCallInterface['start']>[0];
type GrpcStatus = Parameters<ServerInterceptingCallInterface['sendStatus']>[0];

/** The settings that all calls of an interceptor share. */
export interface ServerPolicyHost {
  readonly clock: Clock;
  readonly events: PolicyEvents;
  readonly name: string;
}

/** Leads the shared leaf back to the call that it works for. */
export const SERVER_OWNER: AttributeKey<ServerPolicyCall> = attributeKey('grpc-server-call');

/**
 * One incoming call of an application's grpc-js server. The handler hears of it when the policies have admitted it, and
 * what the handler answers goes out when they have seen the outcome.
 */
export class ServerPolicyCall implements ServerInterceptingCallInterface {
  private readonly cancellation = new Cancellation();
  private listener: GrpcListener | undefined;
  private metadata = new GrpcMetadata();
  private request: { readonly message: unknown } | undefined;
  private stage: 'reading' | 'waiting' | 'running' = 'reading';
  /** How far the kept request has been handed on. */
  private handedOn: 'nothing' | 'message' | 'everything' = 'nothing';
  private leaf: { readonly call: Call; readonly resolve: (outcome: Outcome) => void } | undefined;
  private headers: Metadata | undefined;
  private value: unknown;
  private ended = false;

  constructor(
    private readonly host: ServerPolicyHost,
    private readonly operation: Operation,
    private readonly handler: Handler,
    private readonly next: ServerInterceptingCallInterface,
  ) {}

  // What the application's handler does

  start(listener: GrpcListener): void {
    this.listener = listener;
    this.next.start({
      onReceiveMetadata: (metadata: GrpcMetadata) => this.onMetadata(metadata),
      onReceiveMessage: (message: unknown) => this.onMessage(message),
      onReceiveHalfClose: () => this.onHalfClose(),
      onCancel: () => this.onCancel(),
    });
  }

  sendMetadata(metadata: GrpcMetadata): void {
    this.headers = fromGrpc(metadata);
    if (streamsResponse(this.operation)) this.leaf?.call.responses?.headers(this.headers);
  }

  sendMessage(message: unknown, taken: () => void): void {
    const sink = this.leaf?.call.responses;
    if (sink === undefined) {
      this.value = message;
      return taken();
    }
    const more = sink.message(message);
    if (more === true) taken();
    else more.then(taken).catch(this.defect);
  }

  sendStatus(status: GrpcStatus): void {
    const leaf = this.leaf;
    if (leaf === undefined) return;
    this.leaf = undefined;
    const trailers = status.metadata == null ? Metadata.EMPTY : fromGrpc(status.metadata);
    if (status.code === grpcStatus.OK)
      leaf.resolve({ ok: true, value: this.value, headers: this.headers ?? Metadata.EMPTY, trailers });
    else leaf.resolve(failure(decodeStatus(status.code, status.details, trailers, 'handler'), trailers));
  }

  startRead(): void {
    if (streamsRequest(this.operation)) return this.next.startRead();
    // The request has been read already; the handler asks for it again, then for the half-close.
    if (this.handedOn === 'nothing') {
      this.handedOn = 'message';
      this.listener?.onReceiveMessage(this.request?.message);
    } else if (this.handedOn === 'message') {
      this.handedOn = 'everything';
      this.listener?.onReceiveHalfClose();
    }
  }

  getPeer(): string {
    return this.next.getPeer();
  }

  getDeadline(): ReturnType<ServerInterceptingCallInterface['getDeadline']> {
    return this.next.getDeadline();
  }

  getHost(): string {
    return this.next.getHost();
  }

  getAuthContext(): ReturnType<ServerInterceptingCallInterface['getAuthContext']> {
    return this.next.getAuthContext();
  }

  getConnectionInfo(): ReturnType<ServerInterceptingCallInterface['getConnectionInfo']> {
    return this.next.getConnectionInfo();
  }

  getMetricsRecorder(): ReturnType<ServerInterceptingCallInterface['getMetricsRecorder']> {
    return this.next.getMetricsRecorder();
  }

  // The innermost end of the policies

  /** The leaf: hands the call to the application's handler; settles with what that answers. */
  run(call: Call): Promise<Outcome> {
    if (this.stage === 'running')
      return Promise.reject(new Error('an incoming call can be handled only once; retry belongs into clients'));
    this.stage = 'running';
    return new Promise((resolve) => {
      this.leaf = { call, resolve };
      this.listener?.onReceiveMetadata(toGrpc(call.metadata));
    });
  }

  // What grpc-js tells

  private onMetadata(metadata: GrpcMetadata): void {
    this.metadata = metadata;
    if (streamsRequest(this.operation)) this.admit(undefined);
    else this.next.startRead();
  }

  private onMessage(message: unknown): void {
    if (this.ended) return;
    if (streamsRequest(this.operation)) return this.listener?.onReceiveMessage(message);
    if (this.request !== undefined)
      return this.refuse(`a second request message came for ${this.operation.path}, which takes one`);
    this.request = { message };
    this.next.startRead();
  }

  private onHalfClose(): void {
    if (this.ended) return;
    if (streamsRequest(this.operation)) this.listener?.onReceiveHalfClose();
    else if (this.request === undefined) this.refuse(`no request message came for ${this.operation.path}`);
    else this.admit(this.request.message);
  }

  /** Also told after a regular end, as grpc-js does it. */
  private onCancel(): void {
    if (!this.ended) {
      this.ended = true;
      const status = this.whyCancelled();
      this.cancellation.cancel(status);
      this.leaf?.resolve(failure(status, Metadata.EMPTY));
      this.leaf = undefined;
    }
    if (this.stage === 'running') this.listener?.onCancel();
  }

  private admit(request: unknown): void {
    this.stage = 'waiting';
    const now = this.host.clock.now();
    const call: Call = {
      operation: this.operation,
      target: this.host.name,
      deadline: this.deadline(now),
      now,
      metadata: fromGrpc(this.metadata),
      request,
      requests: undefined,
      responses: streamsResponse(this.operation) ? this.sink : undefined,
      cancellation: this.cancellation,
      attempt: 1,
      attributes: Attributes.EMPTY.with(PEER, this.next.getPeer()).with(SERVER_OWNER, this),
      tried: [],
    };
    try {
      this.handler(call).then(this.settle, this.defect);
    } catch (error) {
      this.defect(error);
    }
  }

  // What goes out

  private readonly sink: ResponseSink = {
    headers: (metadata) => {
      if (!this.ended) this.next.sendMetadata(toGrpc(metadata));
    },
    message: (message) => (this.ended ? true : new Promise((resolve) => this.next.sendMessage(message, resolve))),
  };

  private readonly settle = (outcome: Outcome): void => {
    if (this.ended) return;
    this.ended = true;
    if (!outcome.ok) return this.sendFailure(outcome.status, outcome.trailers);
    const status = { code: grpcStatus.OK, details: 'OK', metadata: toGrpc(outcome.trailers) };
    if (streamsResponse(this.operation)) return this.next.sendStatus(status);
    if (outcome.headers !== Metadata.EMPTY) this.next.sendMetadata(toGrpc(outcome.headers));
    this.next.sendMessage(outcome.value, () => this.next.sendStatus(status));
  };

  private readonly defect = (error: unknown): void => {
    const { events } = this.host;
    if (this.leaf !== undefined && events.listening)
      events.emit({ type: 'defect', policy: 'recover', call: this.leaf.call, error });
    if (this.ended) return;
    this.ended = true;
    const status: Status = {
      code: Code.INTERNAL,
      origin: 'local',
      reason: 'HANDLER_DEFECT',
      details: 'internal error',
      cause: error,
    };
    this.cancellation.cancel(status);
    this.sendFailure(status, Metadata.EMPTY);
  };

  private refuse(details: string): void {
    this.ended = true;
    this.sendFailure({ code: Code.UNIMPLEMENTED, origin: 'local', details }, Metadata.EMPTY);
  }

  private sendFailure(status: Status, trailers: Metadata): void {
    const wire = encodeStatus(status, trailers);
    this.next.sendStatus({ code: wire.code, details: wire.message, metadata: toGrpc(wire.trailers) });
  }

  private deadline(now: number): number {
    const deadline = Number(this.next.getDeadline());
    return deadline === Number.POSITIVE_INFINITY ? deadline : now + (deadline - this.host.clock.wallNow());
  }

  private whyCancelled(): Status {
    if (this.host.clock.wallNow() >= Number(this.next.getDeadline()) - 2) {
      return {
        code: Code.DEADLINE_EXCEEDED,
        origin: 'local',
        reason: 'DEADLINE_EXCEEDED',
        details: "the caller's deadline has passed",
      };
    }
    return {
      code: Code.CANCELLED,
      origin: 'local',
      reason: 'CANCELLED',
      details: 'the caller cancelled the call, or its connection was lost',
    };
  }
}

const failure = (status: Status, trailers: Metadata): Failure => ({ ok: false, status, trailers, sent: 'unknown' });
