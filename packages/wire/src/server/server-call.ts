import {
  Cancellation,
  Code,
  Metadata,
  type Attributes,
  type Call,
  type Clock,
  type Outcome,
  type ResponseSink,
  type Status,
} from '@breakwater/core';
import type { Compression, ServerLimits } from '@breakwater/rpc';
import {
  decodeFailed,
  type DeadlineWheel,
  encodeFailed,
  type Expiring,
  nextTurn,
  RequestSource,
} from '@breakwater/rpc/transport-kit';
import { Inbox } from '../grpc/inbox.js';
import { isOneMessage, MessageAssembler, type MessageSink, PREFIX_BYTES } from '../grpc/message-assembler.js';
import { sendMessage } from '../grpc/outgoing-message.js';
import { TurnBudget } from '../grpc/turn-budget.js';
import { unpack } from '../grpc/unpack.js';
import { ErrorCode } from '../http2/error-code.js';
import { type ServerSession, ServerStream } from '../http2/server-session.js';
import { checkMetadata, writeFailure, writeOkTrailers, writeResponseHead } from './response-writer.js';
import type { ServerPlan } from './server-plan.js';

/** What a call needs of its listener. */
export interface ServerHost {
  readonly name: string;
  readonly clock: Clock;
  readonly limits: ServerLimits;
  readonly wheel: DeadlineWheel;
  enter(call: ServerCall): void;
  leave(call: ServerCall): void;
  /** The stack rejected, or threw, instead of answering. */
  onCallDefect(call: Call, error: unknown): void;
}

/** What the head of the request said. */
export interface RequestFacts {
  readonly metadata: Metadata;
  /** ms; Infinity without one. */
  readonly timeoutMs: number;
  readonly encoding: string;
  /** Why the call cannot be handled, if so: it is answered with this. */
  readonly refusal: Status | undefined;
}

const NONE: readonly string[] = Object.freeze([]);
const HIGH_WATER_BYTES = 64 * 1024;

/** One incoming RPC on an HTTP/2 stream: runs the composed handler once, and is the sink of its response stream. */
export class ServerCall extends ServerStream implements ResponseSink, Expiring, MessageSink {
  wheelSlot: Expiring['wheelSlot'] = undefined;
  wheelIndex = 0;
  /** Place in the listener's list of calls. */
  hostIndex = -1;

  private readonly cancellation = new Cancellation();
  private call: Call | undefined = undefined;
  private request: unknown = undefined;
  private hasRequest = false;
  private source: RequestSource | undefined = undefined;
  private wanted = false;
  private inbox: Inbox | undefined = undefined;
  private assembler: MessageAssembler | undefined = undefined;
  private ended = false;
  private headSent = false;
  private okTrailers: Metadata | undefined = undefined;
  private failure: Status | undefined = undefined;
  private failureTrailers: Metadata = Metadata.EMPTY;
  private room: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined = undefined;
  private turn: TurnBudget | undefined = undefined;
  private expiresAt = Number.POSITIVE_INFINITY;

  constructor(
    private readonly host: ServerHost,
    private readonly session: ServerSession,
    private readonly plan: ServerPlan,
    private readonly facts: RequestFacts,
    private readonly attributes: Attributes,
  ) {
    super();
  }

  // The session's part

  onOpen(): void {
    this.host.enter(this);
    const { refusal, timeoutMs } = this.facts;
    if (refusal !== undefined) return this.sendFailure(refusal);
    if (timeoutMs !== Number.POSITIVE_INFINITY) {
      const now = this.host.clock.now();
      this.expiresAt = now + timeoutMs;
      this.host.wheel.add(this, this.expiresAt, now);
    }
    if (this.plan.streamsIn) {
      this.source = new RequestSource(() => this.read());
      this.session.runAfterChunk(this);
    } else if (this.remoteClosed) this.onRequestsEnd();
  }

  onData(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    const { session } = this;
    if (endStream) session.remoteEnd(this);
    if (this.ended) {
      if (!endStream) session.consume(this, end - start);
      return;
    }
    if (end > start) {
      if (this.assembler === undefined && !this.plan.streamsIn && isOneMessage(bytes, start, end)) {
        this.onWholeMessage(bytes, start, end);
        if (!endStream) session.consume(this, end - start);
      } else this.assemble(bytes, start, end);
    }
    if (endStream && !this.ended) this.onRequestsEnd();
  }

  private onWholeMessage(bytes: Buffer, start: number, end: number): void {
    const size = end - start - PREFIX_BYTES;
    if (size > this.host.limits.maxReceiveMessageBytes) this.onBadPrefix(0, size);
    else this.onMessage(bytes, start + PREFIX_BYTES, end, false);
  }

  private assemble(bytes: Buffer, start: number, end: number): void {
    if (this.assembler === undefined) {
      this.assembler = new MessageAssembler(this.host.limits.maxReceiveMessageBytes);
      this.inbox = new Inbox(this.session, this);
    }
    const completed = this.assembler.feed(bytes, start, end, this);
    const { heldBytes } = this.assembler;
    this.inbox?.arrived(end - start, this.ended ? 0 : heldBytes, completed);
    if (heldBytes > 0 && !this.ended && this.session.receivedTooMuch) this.sendFailure(MEMORY_IS_SHORT);
  }

  onReset(): void {
    if (!this.ended) this.end(this.whyCancelled());
    this.over();
  }

  onConnectionLost(): void {
    if (!this.ended) this.end(this.whyCancelled());
    this.over();
  }

  onWritten(): void {
    if (this.queuedBytes < HIGH_WATER_BYTES) this.letOn();
  }

  expire(): void {
    this.sendFailure(EXPIRED);
  }

  // Requests

  onMessage(bytes: Buffer, start: number, end: number, compressed: boolean): void {
    this.session.onMessageReceived();
    if (this.ended) return;
    if (this.source === undefined) {
      if (this.hasRequest) {
        return this.sendFailure(
          violation(`a second request message came for ${this.plan.served.method.path}, which takes one`),
        );
      }
      const request = this.decode(bytes, start, end, compressed);
      if (request === UNDECODABLE) return;
      this.request = request;
      this.hasRequest = true;
    } else if (this.wanted) this.push(bytes, start, end, compressed);
    else this.inbox?.put(bytes, start, end, compressed);
  }

  onBadPrefix(flag: number, length: number): void {
    if (flag > 1)
      return this.sendFailure({ ...violation(`a message with the unknown flags ${flag}`), code: Code.INTERNAL });
    const limit = this.host.limits.maxReceiveMessageBytes;
    const details = `a message of ${length} bytes is over the ${limit} bytes that the server accepts (its limits.maxReceiveMessageBytes)`;
    this.sendFailure({ code: Code.RESOURCE_EXHAUSTED, origin: 'local', reason: 'MESSAGE_TOO_LARGE', details });
  }

  /** The client has sent all it wanted to. */
  private onRequestsEnd(): void {
    if (this.assembler?.atBoundary === false) {
      return this.sendFailure({ ...violation('the request ended in the middle of a message'), code: Code.INTERNAL });
    }
    if (this.source !== undefined) {
      if (this.inbox === undefined || this.inbox.empty) this.source.end();
    } else if (this.hasRequest) this.session.runAfterChunk(this);
    else this.sendFailure(violation(`no request message came for ${this.plan.served.method.path}`));
  }

  /** The handler asks for the next message. */
  private read(): void {
    this.wanted = true;
    const message = this.inbox?.take();
    if (message !== undefined) this.push(message.bytes, 0, message.bytes.length, message.compressed);
    if (this.wanted && this.remoteClosed && (this.inbox === undefined || this.inbox.empty)) this.source?.end();
  }

  private push(bytes: Buffer, start: number, end: number, compressed: boolean): void {
    this.wanted = false;
    const message = this.decode(bytes, start, end, compressed);
    if (message === UNDECODABLE) return;
    this.source?.push(message);
  }

  private decode(bytes: Buffer, start: number, end: number, compressed: boolean): unknown {
    try {
      if (!compressed) return this.plan.decode(bytes, start, end);
      const limit = this.host.limits.maxReceiveMessageBytes;
      const unpacked = unpack(bytes.subarray(start, end), this.facts.encoding, limit, 'the server');
      if (Buffer.isBuffer(unpacked)) return this.plan.decode(unpacked, 0, unpacked.length);
      this.sendFailure(unpacked);
    } catch (error) {
      this.sendFailure(decodeFailed(`the request of ${this.plan.served.method.path}`, error));
    }
    return UNDECODABLE;
  }

  // The handler

  run(): void {
    if (this.ended) return;
    const { served, streamsOut } = this.plan;
    const { metadata, timeoutMs } = this.facts;
    const now = this.host.clock.now();
    const call: Call = {
      operation: served.method,
      target: this.host.name,
      deadline: timeoutMs === Number.POSITIVE_INFINITY ? timeoutMs : this.expiresAt,
      now,
      metadata,
      request: this.request,
      requests: this.source,
      responses: streamsOut ? this : undefined,
      cancellation: this.cancellation,
      attempt: 1,
      attributes: this.attributes,
      tried: NONE,
    };
    this.call = call;
    this.request = undefined;
    this.running = true;
    try {
      served.handler(call).then(
        (outcome) => this.finish(outcome),
        (error: unknown) => this.defect(error),
      );
    } catch (error) {
      this.defect(error);
    }
  }

  private finish(outcome: Outcome): void {
    this.session.onHandlerDone(this);
    if (this.ended) return;
    if (!outcome.ok) {
      if (outcome.headers !== undefined && outcome.headers !== Metadata.EMPTY) this.headers(outcome.headers);
      return this.sendFailure(outcome.status, outcome.trailers);
    }
    if (outcome.headers !== Metadata.EMPTY) this.headers(outcome.headers);
    if (this.ended) return;
    if (!this.plan.streamsOut && !this.send(outcome.value)) return;
    try {
      checkMetadata(outcome.trailers);
    } catch (error) {
      return this.sendFailure(encodeFailed('the response trailers', error));
    }
    this.sendHead();
    this.ended = true;
    this.okTrailers = outcome.trailers;
    this.inbox?.giveUpRest();
    this.sendTail();
    this.source?.end();
  }

  /** A stack answers with outcomes; what it throws is a mistake of ours or of a policy, and not for the caller to read. */
  private defect(error: unknown): void {
    this.session.onHandlerDone(this);
    if (this.call !== undefined) this.host.onCallDefect(this.call, error);
    this.sendFailure({
      code: Code.INTERNAL,
      origin: 'local',
      reason: 'HANDLER_DEFECT',
      details: 'internal error',
      cause: error,
    });
  }

  // The response

  headers(metadata: Metadata): void {
    if (this.ended || this.headSent) return;
    try {
      checkMetadata(metadata);
    } catch (error) {
      return this.sendFailure(encodeFailed('the response metadata', error));
    }
    this.sendHead(metadata);
    this.session.out.schedule();
  }

  message(message: unknown): true | Promise<void> {
    if (!this.send(message)) return new Promise(nextTurn);
    if (this.queuedBytes >= HIGH_WATER_BYTES) return this.waitForRoom();
    return (this.turn ??= new TurnBudget()).spend() ? new Promise(nextTurn) : true;
  }

  private sendHead(metadata: Metadata = Metadata.EMPTY): void {
    if (this.headSent) return;
    this.headSent = true;
    writeResponseHead(this.session, this.id, metadata, this.compression);
  }

  /** As the client compresses, so does the server: that it can read. */
  private get compression(): Compression {
    const { encoding } = this.facts;
    return encoding === 'gzip' || encoding === 'deflate' ? encoding : 'identity';
  }

  private send(message: unknown): boolean {
    if (this.ended) return false;
    this.sendHead();
    const problem = sendMessage(this.session, this, this.plan.responses, message, this.compression, false);
    if (problem === undefined) return true;
    this.sendFailure(problem);
    return false;
  }

  private sendFailure(status: Status, trailers: Metadata = Metadata.EMPTY): void {
    if (this.ended) return;
    this.end(status);
    // The caller counts its own time: it needs no reason for what it knows.
    this.failure = status === EXPIRED ? EXPIRED_FOR_CALLER : status;
    this.failureTrailers = trailers;
    this.sendTail();
  }

  /** The trailers follow at once, or when the messages in front of them have left. */
  private sendTail(): void {
    if (this.gone) return;
    if (this.queuedBytes > 0) this.session.finishSending(this, 'trailers');
    else this.writeTrailers();
  }

  writeTrailers(): void {
    const { session, failure } = this;
    if (failure === undefined) writeOkTrailers(session, this.id, this.okTrailers ?? Metadata.EMPTY);
    else {
      const offers = failure.code === Code.UNIMPLEMENTED && this.facts.refusal !== undefined;
      writeFailure(session, this.id, failure, this.failureTrailers, this.headSent, offers);
    }
    session.out.schedule();
    session.localEnd(this);
    // The rest of the request is not wanted: without this the client would send it all. RFC 9113, section 8.1.
    if (!this.gone) session.reset(this, ErrorCode.noError);
    this.over();
  }

  // Ends

  /** Whoever still works for this call learns that it is over. */
  private end(status: Status): void {
    this.ended = true;
    this.cancellation.cancel(status);
    this.source?.fail(status);
    this.inbox?.giveUpRest();
    this.letOn();
  }

  /** Nothing more comes of it. */
  private over(): void {
    this.ended = true;
    this.host.wheel.remove(this);
    this.inbox?.clear();
    this.letOn();
    this.host.leave(this);
  }

  private waitForRoom(): Promise<void> {
    if (this.room === undefined) {
      let resolve = (): void => {};
      const promise = new Promise<void>((settle) => {
        resolve = settle;
      });
      this.room = { promise, resolve };
    }
    return this.room.promise;
  }

  private letOn(): void {
    const { room } = this;
    this.room = undefined;
    room?.resolve();
  }

  private whyCancelled(): Status {
    // A caller that counts its own time may be a moment ahead.
    if (this.host.clock.now() >= this.expiresAt - CLOCK_SLACK_MS) return EXPIRED;
    return CANCELLED;
  }
}

const CLOCK_SLACK_MS = 2;
const UNDECODABLE = Symbol('undecodable');

const EXPIRED: Status = Object.freeze({
  code: Code.DEADLINE_EXCEEDED,
  origin: 'local',
  reason: 'DEADLINE_EXCEEDED',
  details: "the caller's deadline has passed",
});
const EXPIRED_FOR_CALLER: Status = Object.freeze({ ...EXPIRED, reason: undefined });
const CANCELLED: Status = Object.freeze({
  code: Code.CANCELLED,
  origin: 'local',
  reason: 'CANCELLED',
  details: 'the caller cancelled the call, or its connection was lost',
});
const MEMORY_IS_SHORT: Status = Object.freeze({
  code: Code.RESOURCE_EXHAUSTED,
  origin: 'local',
  details:
    'too much is waiting in the memory of the server (maxConnectionBufferBytes, maxServerBufferBytes); try again later',
  retryAfterMs: 1000,
});

const violation = (details: string): Status => ({ code: Code.UNIMPLEMENTED, origin: 'local', details });
