import {
  status as grpcStatus,
  type Channel,
  type InterceptingListener,
  type Metadata as GrpcMetadata,
  type StatusObject,
} from '@grpc/grpc-js';
import { Code, fail, Metadata, type Call, type Clock, type Outcome, type Sent, type Status } from '@breakwater/core';
import { COMPRESSION, type ClientLimits, type Compression, type Method } from '@breakwater/rpc';
import {
  connectionLost,
  deadlineExceeded,
  type DeadlineWheel,
  decodeFailed,
  encodeFailed,
  encodeRequest,
  type Expiring,
  messageTooLarge,
  type MessageWriter,
  RequestPump,
} from '@breakwater/rpc/transport-kit';
import { fromGrpcStatus } from './grpc-status.js';
import { contentTypeOf, headerListBytes, incoming } from './incoming-metadata.js';
import { openRequestStream, type OpenRequestStream } from './internals.js';
import { OutgoingMetadata, type DispatchObserver } from './outgoing-metadata.js';

/** What a call needs of its connection. */
export interface CallHost {
  readonly peer: string;
  readonly limits: ClientLimits;
  readonly clock: Clock;
  readonly wheel: DeadlineWheel;
  readonly ready: boolean;
  channel(compression: Compression): Channel;
  enter(call: ClientCall): void;
  leave(call: ClientCall): void;
}

type GrpcCall = ReturnType<Channel['createCall']>;

/** grpc-js' write flag for "do not compress this message". */
const NO_COMPRESS = 2;

/**
 * One RPC on a grpc-js channel, from its start to its terminal outcome: the listener of the grpc-js call, its deadline
 * and its cancellation in one object. Uses the channel's `createCall`, below grpc-js' stubs and interceptors.
 */
export class ClientCall implements InterceptingListener, Expiring, DispatchObserver, MessageWriter {
  wheelSlot: Expiring['wheelSlot'] = undefined;
  wheelIndex = 0;
  /** Place in the connection's list of calls. */
  hostIndex = 0;

  private grpcCall: GrpcCall | undefined;
  private headers: Metadata | undefined;
  private rawHeaders: GrpcMetadata | undefined;
  private value: unknown;
  private received = 0;
  private ended = false;
  private pump: RequestPump | undefined;
  private requestStream: OpenRequestStream | undefined;
  /** The header block of the current attempt has left; `refused`: that of an earlier attempt had, and was not accepted. */
  private dispatched = false;
  private refused = false;
  private compress = false;
  private readonly onCancel = (status: Status): void => this.abort(status);

  constructor(
    private readonly host: CallHost,
    private readonly method: Method,
    private readonly call: Call,
    private readonly resolve: (outcome: Outcome) => void,
    private readonly reject: (defect: unknown) => void,
  ) {}

  start(): void {
    const { host, call, method } = this;
    const now = host.clock.now();
    if (call.cancellation.status !== undefined) return this.resolve(fail(call.cancellation.status));
    if (call.deadline <= now) return this.resolve(fail(deadlineExceeded(host.peer, 'no')));
    let first: Buffer | undefined;
    if (method.kind === 'unary' || method.kind === 'server_stream') {
      const encoded = this.encode(call.request);
      if (!Buffer.isBuffer(encoded)) return this.resolve(fail(encoded));
      first = encoded;
    }
    const compression = call.attributes.get(COMPRESSION) ?? host.limits.compression;
    this.compress = compression !== 'identity';
    const metadata = this.metadata(now);
    if (!(metadata instanceof OutgoingMetadata)) return this.resolve(fail(metadata));
    // The deadline is enforced by the wheel and sent in the header; grpc-js would set a timer of its own for it.
    const grpcCall = host.channel(compression).createCall(method.path, Number.POSITIVE_INFINITY, null, null, null);
    this.grpcCall = grpcCall;
    host.enter(this);
    host.wheel.add(this, call.deadline, now);
    call.cancellation.onCancel(this.onCancel);
    grpcCall.start(metadata, this);
    grpcCall.startRead();
    if (first !== undefined) {
      grpcCall.sendMessageWithContext(this.compress ? {} : { flags: NO_COMPRESS }, first);
      grpcCall.halfClose();
    } else if (call.requests !== undefined) {
      this.pump = new RequestPump(call.requests, this);
      this.pump.start();
    } else grpcCall.halfClose();
  }

  // What grpc-js tells

  onReceiveMetadata(metadata: GrpcMetadata): void {
    if (this.ended) return;
    const limit = this.host.limits.maxHeaderBytes;
    const bytes = headerListBytes(metadata);
    if (bytes > limit) {
      const status = messageTooLarge('a received header list', bytes, 'limits.maxHeaderBytes', limit);
      return this.abort({ ...status, origin: 'remote' });
    }
    this.rawHeaders = metadata;
    this.headers = incoming(metadata);
    this.guard(() => this.call.responses?.headers(this.headers ?? Metadata.EMPTY));
  }

  onReceiveMessage(bytes: Buffer): void {
    if (this.ended) return;
    let value: unknown;
    try {
      value = this.method.decodeResponse(bytes);
    } catch (error) {
      return this.abort(decodeFailed(`the response of ${this.method.path}`, error));
    }
    const sink = this.call.responses;
    if (sink === undefined) {
      this.received += 1;
      this.value = value;
      // A peer that sends a second message would otherwise hold the status back behind it, for ever.
      this.grpcCall?.startRead();
      return;
    }
    this.guard(() => {
      const more = sink.message(value);
      if (more === true) this.grpcCall?.startRead();
      else more.then(() => this.readOn()).catch((error: unknown) => this.defect(error));
    });
  }

  onReceiveStatus(status: StatusObject): void {
    if (this.ended) return;
    if (status.code === grpcStatus.OK) return this.succeed(status);
    const expired = this.call.deadline <= this.host.clock.now();
    const { headers, rawHeaders, sent } = this;
    const contentType = rawHeaders === undefined ? undefined : contentTypeOf(rawHeaders);
    this.finish(fromGrpcStatus(status, { peer: this.host.peer, sent, headers, contentType, expired }));
  }

  onDispatch(): void {
    this.dispatched = true;
    if (this.ended || this.call.requests !== undefined) queueMicrotask(() => this.afterDispatch());
  }

  onPick(): void {
    if (!this.dispatched) return;
    this.dispatched = false;
    this.refused = true;
    queueMicrotask(() => this.giveUpRefused());
  }

  /** grpc-js repeats the call by itself on this endpoint. While that is not connected, the layers above know a better one. */
  private giveUpRefused(): void {
    if (this.dispatched || this.host.ready) return;
    this.abort(connectionLost(this.host.peer, 'the server closed it before it took the call'));
  }

  // What the pump of the request stream asks for

  write(message: unknown, done: () => void): void {
    const encoded = this.encode(message);
    if (!Buffer.isBuffer(encoded)) return this.abort(encoded);
    this.grpcCall?.sendMessageWithContext(
      this.compress ? { callback: done } : { callback: done, flags: NO_COMPRESS },
      encoded,
    );
  }

  closeRequests(): void {
    this.grpcCall?.halfClose();
  }

  failRequests(error: unknown): void {
    this.abort({
      code: Code.CANCELLED,
      origin: 'local',
      reason: 'CANCELLED',
      details: `the request stream failed: ${error instanceof Error ? error.message : String(error)}`,
      cause: error,
    });
  }

  // Ends

  expire(): void {
    this.abort(deadlineExceeded(this.host.peer, this.sent));
  }

  /** Ends the call on this side. */
  abort(status: Status): void {
    if (this.ended) return;
    this.finish({ ...fail(status, this.sent), headers: this.headers, peer: this.host.peer });
    this.cancelGrpcCall();
  }

  private cancelGrpcCall(): void {
    this.requestStream?.abandon();
    this.grpcCall?.cancelWithStatus(grpcStatus.CANCELLED, 'cancelled');
  }

  private get sent(): Sent {
    if (this.dispatched) return 'unknown';
    return this.refused ? 'refused' : 'no';
  }

  private succeed(status: StatusObject): void {
    if (this.call.responses === undefined && this.received !== 1) {
      const details =
        this.received === 0
          ? 'the server answered OK without a response message'
          : `the server sent ${this.received} response messages where one is allowed`;
      return this.abort({ code: Code.UNIMPLEMENTED, origin: 'remote', details });
    }
    this.finish({
      ok: true,
      value: this.value,
      headers: this.headers ?? Metadata.EMPTY,
      trailers: incoming(status.metadata),
      peer: this.host.peer,
    });
  }

  private finish(outcome: Outcome): void {
    this.ended = true;
    this.release();
    this.resolve(outcome);
  }

  private release(): void {
    this.host.wheel.remove(this);
    this.call.cancellation.removeListener(this.onCancel);
    this.host.leave(this);
    this.pump?.stop();
  }

  private afterDispatch(): void {
    if (this.grpcCall !== undefined && this.call.requests !== undefined)
      this.requestStream = openRequestStream(this.grpcCall);
    // Cancelled in the tick of its start: grpc-js had nothing to cancel yet. Before this tick ends, nothing has left.
    if (this.ended) this.cancelGrpcCall();
  }

  private readOn(): void {
    if (!this.ended) this.grpcCall?.startRead();
  }

  /** The sink threw: a defect of a layer above. */
  private defect(error: unknown): void {
    if (this.ended) return;
    this.ended = true;
    this.release();
    this.cancelGrpcCall();
    this.reject(error);
  }

  private guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.defect(error);
    }
  }

  private encode(message: unknown): Buffer | Status {
    return encodeRequest(this.method, message, this.host.limits.maxSendMessageBytes);
  }

  private metadata(now: number): OutgoingMetadata | Status {
    const { call, host } = this;
    let metadata: OutgoingMetadata;
    try {
      metadata = new OutgoingMetadata(call.metadata, this, this.compress);
    } catch (error) {
      return encodeFailed('the metadata', error);
    }
    const limit = host.limits.maxHeaderBytes;
    if (metadata.sizeBytes > limit)
      return messageTooLarge('metadata', metadata.sizeBytes, 'limits.maxHeaderBytes', limit);
    if (call.deadline !== Number.POSITIVE_INFINITY) metadata.setTimeout(call.deadline - now);
    return metadata;
  }
}
