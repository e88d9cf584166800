import {
  status as grpcStatus,
  type InterceptingListener,
  type InterceptorOptions,
  type Metadata as GrpcMetadata,
  type NextCall,
  type StatusObject,
} from '@grpc/grpc-js';
import {
  Metadata,
  succeed,
  type Call,
  type Clock,
  type Failure,
  type Outcome,
  type Sent,
  type Status,
} from '@breakwater/core';
import { deadlineExceeded, type MessageWriter, RequestPump } from '@breakwater/rpc/transport-kit';
import { fromGrpcStatus } from '../transport/grpc-status.js';
import type { DispatchObserver } from '../transport/outgoing-metadata.js';
import { fromGrpc, ObservedMetadata, toGrpc } from './metadata-bridge.js';

type Next = ReturnType<NextCall>;

/** grpc-js' timers and ours read different clocks; a status that comes this close before the deadline is its doing. */
const CLOCK_SLACK_MS = 2;

/** One attempt of an application's call: one call further down, resolved by its status. Nothing above it sees a callback. */
export class ClientAttempt implements InterceptingListener, DispatchObserver, MessageWriter {
  private readonly next: Next;
  private headers: Metadata | undefined;
  private value: unknown;
  private ended = false;
  private dispatched = false;
  private refused = false;
  private pump: RequestPump | undefined;
  private settle: (outcome: Outcome) => void = () => {};
  private fault: (error: unknown) => void = () => {};
  private readonly onCancel = (status: Status): void => this.abort(status);

  /** @param template the application's metadata, for its options such as waitForReady */
  constructor(
    private readonly call: Call,
    private readonly clock: Clock,
    private readonly options: InterceptorOptions,
    nextCall: NextCall,
    private readonly template: GrpcMetadata,
  ) {
    this.next = nextCall(this.withDeadline());
  }

  run(): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.settle = resolve;
      this.fault = reject;
      this.start();
    });
  }

  getPeer(): string {
    return this.next.getPeer();
  }

  getAuthContext(): ReturnType<Next['getAuthContext']> {
    return this.next.getAuthContext();
  }

  private start(): void {
    const { call } = this;
    if (call.cancellation.status !== undefined) return this.abort(call.cancellation.status);
    if (call.deadline <= this.clock.now()) return this.abort(deadlineExceeded(call.target, 'no'));
    call.cancellation.onCancel(this.onCancel);
    const metadata = toGrpc(call.metadata).clone();
    metadata.setOptions(this.template.getOptions());
    this.next.start(new ObservedMetadata(metadata, this), this);
    if (call.responses !== undefined) this.next.startRead();
    if (call.requests !== undefined) {
      this.pump = new RequestPump(call.requests, this);
      this.pump.start();
      return;
    }
    this.next.sendMessage(call.request);
    this.next.halfClose();
  }

  onReceiveMetadata(metadata: GrpcMetadata): void {
    if (this.ended) return;
    this.headers = fromGrpc(metadata);
    this.guard(() => this.call.responses?.headers(this.headers ?? Metadata.EMPTY));
  }

  onReceiveMessage(message: unknown): void {
    if (this.ended) return;
    const sink = this.call.responses;
    // grpc-js tells a unary call without a response by a null message ahead of its status.
    if (sink === undefined) this.value = message ?? undefined;
    else {
      this.guard(() => {
        const more = sink.message(message);
        if (more === true) this.next.startRead();
        else more.then(() => this.ended || this.next.startRead(), this.defect);
      });
    }
  }

  onReceiveStatus(status: StatusObject): void {
    if (this.ended) return;
    if (status.code === grpcStatus.OK)
      return this.finish({ ...succeed(this.value, this.headers, fromGrpc(status.metadata)), peer: this.getPeer() });
    const expired = this.call.deadline - CLOCK_SLACK_MS <= this.clock.now();
    const failure = fromGrpcStatus(status, { peer: this.getPeer(), sent: this.sent, headers: this.headers, expired });
    this.finish({ ...failure, trailers: fromGrpc(status.metadata) });
  }

  onPick(): void {
    this.refused ||= this.dispatched;
    this.dispatched = false;
  }

  onDispatch(): void {
    this.dispatched = true;
    if (this.ended) queueMicrotask(() => this.next.cancelWithStatus(grpcStatus.CANCELLED, 'cancelled'));
  }

  write(message: unknown, done: () => void): void {
    this.next.sendMessageWithContext({ callback: done }, message);
  }

  closeRequests(): void {
    this.next.halfClose();
  }

  /** The queue of an application's writes never throws; a policy that wraps it may. */
  failRequests(error: unknown): void {
    this.defect(error);
  }

  private get sent(): Sent {
    if (this.dispatched) return 'unknown';
    return this.refused ? 'refused' : 'no';
  }

  private abort(status: Status): void {
    if (this.ended) return;
    const failure: Failure = { ok: false, status, trailers: Metadata.EMPTY, sent: this.sent, headers: this.headers };
    this.finish(failure);
    this.next.cancelWithStatus(grpcStatus.CANCELLED, 'cancelled');
  }

  private finish(outcome: Outcome): void {
    this.ended = true;
    this.call.cancellation.removeListener(this.onCancel);
    this.pump?.stop();
    this.settle(outcome);
  }

  private readonly defect = (error: unknown): void => {
    if (this.ended) return;
    this.ended = true;
    this.call.cancellation.removeListener(this.onCancel);
    this.pump?.stop();
    this.next.cancelWithStatus(grpcStatus.CANCELLED, 'cancelled');
    this.fault(error);
  };

  private guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.defect(error);
    }
  }

  /** The options of the call with the deadline that the policies have made of it. */
  private withDeadline(): InterceptorOptions {
    if (this.call.deadline === Number.POSITIVE_INFINITY) return this.options;
    return { ...this.options, deadline: this.clock.wallNow() + (this.call.deadline - this.clock.now()) };
  }
}
