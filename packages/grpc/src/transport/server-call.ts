import {
  status as grpcStatus,
  type Metadata as GrpcMetadata,
  type ServerInterceptingCallInterface,
} from '@grpc/grpc-js';
import {
  Cancellation,
  Code,
  Metadata,
  type Call,
  type Clock,
  type Outcome,
  type ResponseSink,
  type Status,
} from '@breakwater/core';
import { encodeStatus, type ServedMethod, type ServerLimits } from '@breakwater/rpc';
import {
  decodeFailed,
  encodeFailed,
  encodeResponse,
  messageTooLarge,
  nextTurn,
  RequestSource,
  WriteWindow,
} from '@breakwater/rpc/transport-kit';
import { headerListBytes, incoming } from './incoming-metadata.js';
import { OutgoingMetadata } from './outgoing-metadata.js';
import { peerAttributes } from './peer-attributes.js';

/** What a call needs of its listener. */
export interface ServerHost {
  readonly name: string;
  readonly clock: Clock;
  readonly limits: ServerLimits;
  readonly verifiesClients: boolean;
  enter(call: ServerCall): void;
  leave(call: ServerCall): void;
  /** The stack rejected, or threw, instead of answering. */
  onDefect(call: Call, error: unknown): void;
}

const NONE: readonly string[] = [];

/**
 * One incoming RPC. Takes the call over at the level of grpc-js' server interceptors, so that none of its stream objects
 * is made, and runs the composed handler once. Listener of the grpc-js call and sink of the response stream in one.
 */
export class ServerCall implements ResponseSink {
  private readonly cancellation = new Cancellation();
  private metadata: Metadata = Metadata.EMPTY;
  private requestBytes: Buffer | undefined;
  private source: RequestSource | undefined;
  private ended = false;
  private headersSent = false;
  private readonly window = new WriteWindow();
  private call: Call | undefined;
  /** Place in the listener's list of calls. */
  hostIndex = 0;

  constructor(
    private readonly host: ServerHost,
    private readonly served: ServedMethod,
    private readonly grpcCall: ServerInterceptingCallInterface,
  ) {}

  start(): void {
    this.grpcCall.start(this);
  }

  // What grpc-js tells

  onReceiveMetadata(metadata: GrpcMetadata): void {
    this.host.enter(this);
    const limit = this.host.limits.maxHeaderBytes;
    const bytes = headerListBytes(metadata);
    if (bytes > limit)
      return this.sendFailure(
        messageTooLarge('the request header list', bytes, "the server's limits.maxHeaderBytes", limit),
      );
    this.metadata = incoming(metadata);
    const { kind } = this.served.method;
    if (kind === 'client_stream' || kind === 'bidi') {
      this.source = new RequestSource(() => this.grpcCall.startRead());
      this.run(undefined);
    } else this.grpcCall.startRead();
  }

  onReceiveMessage(bytes: Buffer): void {
    if (this.ended) return;
    if (this.source !== undefined) {
      const message = this.decode(bytes);
      if (message !== UNDECODABLE) this.source.push(message);
      return;
    }
    if (this.requestBytes !== undefined) {
      return this.sendFailure(
        violation(`a second request message came for ${this.served.method.path}, which takes one`),
      );
    }
    this.requestBytes = bytes;
    this.grpcCall.startRead();
  }

  onReceiveHalfClose(): void {
    if (this.ended) return;
    if (this.source !== undefined) return this.endOfRequests(this.source);
    if (this.requestBytes === undefined)
      return this.sendFailure(violation(`no request message came for ${this.served.method.path}`));
    const request = this.decode(this.requestBytes);
    if (request !== UNDECODABLE) this.run(request);
  }

  /**
   * A node:http2 client that cancels an open request stream half-closes it first and resets it then; a handler would take
   * the cancelled upload for a complete one. So the end waits for what came along with it, and `startRead` makes grpc-js
   * look whether the stream is still there: it tells a cancellation in the next tick, ahead of this.
   */
  private endOfRequests(source: RequestSource): void {
    nextTurn(() => {
      this.grpcCall.startRead();
      process.nextTick(() => source.end());
    });
  }

  /** Also told after a regular end, and by grpc-js' own deadline timer. */
  onCancel(): void {
    this.host.leave(this);
    if (!this.ended) this.end(this.whyCancelled());
    this.window.release();
  }

  // The response stream

  headers(metadata: Metadata): void {
    if (this.ended || this.headersSent) return;
    const outgoing = this.outgoing(metadata);
    if (outgoing === undefined) return;
    this.headersSent = true;
    this.grpcCall.sendMetadata(outgoing);
  }

  message(message: unknown): true | Promise<void> {
    if (!this.send(message)) return this.laterTurn();
    return this.window.room();
  }

  // The handler

  private run(request: unknown): void {
    const { method, handler } = this.served;
    const now = this.host.clock.now();
    const streams = method.kind === 'server_stream' || method.kind === 'bidi';
    const call: Call = {
      operation: method,
      target: this.host.name,
      deadline: this.deadline(now),
      now,
      metadata: this.metadata,
      request,
      requests: this.source,
      responses: streams ? this : undefined,
      cancellation: this.cancellation,
      attempt: 1,
      attributes: peerAttributes(this.grpcCall, this.host.verifiesClients),
      tried: NONE,
    };
    this.call = call;
    try {
      handler(call).then(this.finish, this.defect);
    } catch (error) {
      this.defect(error);
    }
  }

  private readonly finish = (outcome: Outcome): void => {
    if (this.ended) return;
    if (!outcome.ok) {
      if (outcome.headers !== undefined && outcome.headers.size > 0) this.headers(outcome.headers);
      return this.sendFailure(outcome.status, outcome.trailers);
    }
    if (outcome.headers !== Metadata.EMPTY) this.headers(outcome.headers);
    if (this.call?.responses === undefined && !this.send(outcome.value)) return;
    const trailers = this.outgoing(outcome.trailers);
    if (this.ended || trailers === undefined) return;
    this.ended = true;
    // No text: peers take a message beside an OK for a mistake.
    this.grpcCall.sendStatus({ code: grpcStatus.OK, details: '', metadata: trailers });
    this.source?.end();
  };

  /** A stack answers with outcomes; what it throws is a mistake of ours or of a policy, and not for the caller to read. */
  private readonly defect = (error: unknown): void => {
    if (this.call !== undefined) this.host.onDefect(this.call, error);
    this.sendFailure({
      code: Code.INTERNAL,
      origin: 'local',
      reason: 'HANDLER_DEFECT',
      details: 'internal error',
      cause: error,
    });
  };

  // Sending

  private send(message: unknown): boolean {
    if (this.ended) return false;
    const encoded = encodeResponse(this.served.method, message, this.host.limits.maxSendMessageBytes);
    if (!Buffer.isBuffer(encoded)) {
      this.sendFailure(encoded);
      return false;
    }
    const { length } = encoded;
    this.headersSent = true;
    this.window.sent(length);
    this.grpcCall.sendMessage(encoded, () => this.window.taken(length));
    return true;
  }

  private sendFailure(status: Status, trailers: Metadata = Metadata.EMPTY): void {
    if (this.ended) return;
    this.end(status);
    const wire = encodeStatus(status, trailers);
    let metadata: OutgoingMetadata;
    try {
      metadata = new OutgoingMetadata(wire.trailers);
    } catch {
      // Trailers that HTTP/2 refuses must not hide the status.
      metadata = new OutgoingMetadata(encodeStatus(status, Metadata.EMPTY).trailers);
    }
    this.grpcCall.sendStatus({ code: wire.code, details: wellFormed(wire.message), metadata });
  }

  private outgoing(metadata: Metadata): OutgoingMetadata | undefined {
    try {
      return new OutgoingMetadata(metadata);
    } catch (error) {
      this.sendFailure(encodeFailed('the response metadata', error));
      return undefined;
    }
  }

  private decode(bytes: Buffer): unknown {
    try {
      return this.served.method.decodeRequest(bytes);
    } catch (error) {
      this.sendFailure(decodeFailed(`the request of ${this.served.method.path}`, error));
      return UNDECODABLE;
    }
  }

  /** Whoever still works for this call learns that it is over. */
  private end(status: Status): void {
    this.ended = true;
    this.cancellation.cancel(status);
    this.source?.fail(status);
  }

  /** Nobody takes the message any more. A source that does not look at the cancellation must not starve the process. */
  private laterTurn(): Promise<void> {
    return new Promise(nextTurn);
  }

  // What is known of the call

  private deadline(now: number): number {
    const deadline = this.grpcDeadline();
    return deadline === Number.POSITIVE_INFINITY ? deadline : now + (deadline - this.host.clock.wallNow());
  }

  private grpcDeadline(): number {
    const deadline = this.grpcCall.getDeadline();
    return typeof deadline === 'number' ? deadline : deadline.getTime();
  }

  private whyCancelled(): Status {
    // Node's timers may be a fraction of a millisecond ahead of the wall clock.
    if (this.host.clock.wallNow() >= this.grpcDeadline() - 2) {
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

const UNDECODABLE = Symbol('undecodable');

const violation = (details: string): Status => ({ code: Code.UNIMPLEMENTED, origin: 'local', details });

/** grpc-js escapes the text with `encodeURI`, which throws for half of a surrogate pair. */
const wellFormed = (text: string): string =>
  text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd');
