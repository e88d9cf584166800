import { Code, fail, Metadata, type Call, type Clock, type Outcome, type Sent, type Status } from '@breakwater/core';
import { COMPRESSION, type ClientLimits, type Compression } from '@breakwater/rpc';
import {
  connectionLost,
  deadlineExceeded,
  decodeFailed,
  type DeadlineWheel,
  encodeFailed,
  type Expiring,
  messageTooLarge,
  type MessageWriter,
  nextTurn,
  RequestPump,
} from '@breakwater/rpc/transport-kit';
import { isEncoding } from '../grpc/compression.js';
import { Inbox } from '../grpc/inbox.js';
import { isOneMessage, MessageAssembler, type MessageSink, PREFIX_BYTES } from '../grpc/message-assembler.js';
import { headerListBytes, toMetadata, writeMetadata } from '../grpc/metadata-fields.js';
import { sendMessage } from '../grpc/outgoing-message.js';
import { formatTimeout } from '../grpc/timeout.js';
import { TurnBudget } from '../grpc/turn-budget.js';
import { unpack } from '../grpc/unpack.js';
import { ClientStream, type ClientSession } from '../http2/client-session.js';
import { ErrorCode } from '../http2/error-code.js';
import { beginHeaders, endHeaders } from '../http2/header-frames.js';
import type { ResponseHead } from '../http2/response-head.js';
import type { MethodPlan } from './method-plan.js';
import { notGrpc, resetByServer, statusOfTrailers } from './response-status.js';

/** What a call needs of its connection. */
export interface CallHost {
  readonly peer: string;
  readonly limits: ClientLimits;
  readonly clock: Clock;
  readonly wheel: DeadlineWheel;
  /** Calls without a deadline: no timer of theirs keeps the process alive. @param change 1 or -1 */
  stayAwake(change: number): void;
  /** The call has ended, wherever it was. */
  leave(call: ClientCall): void;
  /** The session ended before the call began: another one may take it. */
  restart(call: ClientCall, why: string): void;
}

/** Between this side's count of the time and the server's. */
const CLOCK_SLACK_MS = 10;
/** Payload that may wait in the queue of a stream before its source is held back. */
const HIGH_WATER_BYTES = 64 * 1024;

/** One RPC on an HTTP/2 stream, from its start to its terminal outcome: stream, deadline and cancellation in one object. */
export class ClientCall extends ClientStream implements Expiring, MessageWriter, MessageSink {
  wheelSlot: Expiring['wheelSlot'] = undefined;
  wheelIndex = 0;
  /** Place in the connection's list of calls. */
  hostIndex = -1;

  private session: ClientSession | undefined;
  private ended = false;
  private headers: Metadata | undefined;
  private encoding = '';
  private value: unknown = undefined;
  private received = 0;
  private assembler: MessageAssembler | undefined = undefined;
  private inbox: Inbox | undefined = undefined;
  /** The sink has asked to wait. */
  private held = false;
  /** The end has come while messages wait in the inbox. */
  private ending: Outcome | undefined = undefined;
  private pump: RequestPump | undefined = undefined;
  private compression: Compression = 'identity';
  private whenRoom: (() => void) | undefined = undefined;
  private turn: TurnBudget | undefined = undefined;
  private readonly onCancel = (status: Status): void => this.abort(status);

  constructor(
    private readonly host: CallHost,
    private readonly plan: MethodPlan,
    private readonly call: Call,
    private readonly resolve: (outcome: Outcome) => void,
    private readonly reject: (defect: unknown) => void,
  ) {
    super();
  }

  /** Arms deadline and cancellation. @returns false when the call is over already */
  arm(): boolean {
    const { host, call } = this;
    const cancelled = call.cancellation.status;
    if (cancelled !== undefined) {
      this.ended = true;
      this.resolve(fail(cancelled));
      return false;
    }
    if (call.deadline !== Number.POSITIVE_INFINITY) {
      const now = host.clock.now();
      if (call.deadline <= now) {
        this.ended = true;
        this.resolve(fail(deadlineExceeded(host.peer, 'no')));
        return false;
      }
      host.wheel.add(this, call.deadline, now);
    } else host.stayAwake(1);
    call.cancellation.onCancel(this.onCancel);
    return true;
  }

  // The session's part

  begin(session: ClientSession, now: number): void {
    const { call, plan, host } = this;
    let listBytes = 0;
    if (call.metadata !== Metadata.EMPTY) {
      try {
        listBytes = headerListBytes(call.metadata);
      } catch (error) {
        return this.finish(fail(encodeFailed('the metadata', error)));
      }
      const limit = host.limits.maxHeaderBytes;
      if (listBytes > limit) {
        return this.finish(fail(messageTooLarge('metadata', listBytes, 'limits.maxHeaderBytes', limit)));
      }
    }
    this.compression = call.attributes.get(COMPRESSION) ?? host.limits.compression;
    session.open(this);
    this.session = session;
    this.writeHead(session, now);
    if (plan.singleRequest) {
      const problem = sendMessage(session, this, plan.requests, call.request, this.compression, true);
      if (problem !== undefined) this.refuseOwn(problem);
    } else if (call.requests !== undefined) {
      this.pump = new RequestPump(call.requests, this);
      this.pump.start();
    } else session.finishSending(this, 'end');
  }

  private writeHead(session: ClientSession, now: number): void {
    const { call, plan, compression } = this;
    const { out, encoder } = session;
    const at = beginHeaders(out);
    encoder.begin(out);
    encoder.group(compression === 'identity' ? plan.plainHead : plan.head(compression), out);
    if (call.deadline !== Number.POSITIVE_INFINITY) {
      encoder.literal('grpc-timeout', formatTimeout(call.deadline - now), out);
    }
    writeMetadata(call.metadata, encoder, out);
    endHeaders(out, at, this.id, false, session.peerMaxFrame);
  }

  /** The message cannot be sent. Its head has been written; without a message no handler runs. */
  private refuseOwn(status: Status): void {
    this.session?.reset(this, ErrorCode.cancel);
    this.finish(fail(status));
  }

  onHead(head: ResponseHead, endStream: boolean): void {
    if (this.ended) return;
    if (head.status >= 100 && head.status < 200 && this.headers === undefined) return;
    if (head.tooLarge) {
      const limit = this.host.limits.maxHeaderBytes;
      const status = messageTooLarge('a received header list', head.listBytes, 'limits.maxHeaderBytes', limit);
      return this.abort({ ...status, origin: 'remote' });
    }
    if (this.headers !== undefined) return this.onTrailers(head);
    if (endStream && head.grpcStatus !== '') return this.onTrailers(head);
    const foreign = notGrpc(head, this.host.peer, endStream);
    if (foreign !== undefined) return this.abort(foreign);
    this.headers = toMetadata(head.entries);
    this.encoding = head.encoding;
    if (head.encoding !== '' && !isEncoding(head.encoding)) {
      return this.abort({
        code: Code.INTERNAL,
        origin: 'remote',
        details: `${this.host.peer} compresses with ${JSON.stringify(head.encoding.slice(0, 40))}, which this client has not offered`,
      });
    }
    const sink = this.call.responses;
    if (sink !== undefined) {
      try {
        sink.headers(this.headers);
      } catch (error) {
        this.defect(error);
      }
    }
  }

  onData(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    const session = this.session as ClientSession;
    if (endStream) session.remoteEnd(this);
    if (this.ended) return;
    if (this.headers === undefined) return this.broken('DATA before the head of the response');
    if (this.assembler === undefined && this.call.responses === undefined && isOneMessage(bytes, start, end)) {
      if (end - start - PREFIX_BYTES > this.host.limits.maxReceiveMessageBytes) {
        return this.onBadPrefix(0, end - start - PREFIX_BYTES);
      }
      this.onMessage(bytes, start + PREFIX_BYTES, end, false);
      if (!endStream) session.consume(this, end - start);
    } else this.assemble(session, bytes, start, end);
    if (endStream && !this.ended) this.broken('the stream ended without a status');
  }

  private assemble(session: ClientSession, bytes: Buffer, start: number, end: number): void {
    this.assembler ??= new MessageAssembler(this.host.limits.maxReceiveMessageBytes);
    this.inbox ??= new Inbox(session, this);
    const completed = this.assembler.feed(bytes, start, end, this);
    this.inbox.arrived(end - start, this.ended ? 0 : this.assembler.heldBytes, completed);
  }

  onReset(code: number, why: string, byPeer: boolean): void {
    if (this.ended) return;
    // Who has answered has begun: after that the refusal is not believed.
    const refused = byPeer && code === ErrorCode.refusedStream && this.headers === undefined;
    if (refused) return this.onRefused('the server refused the stream');
    const late = byPeer && code === ErrorCode.cancel && this.isDue();
    const status = late
      ? deadlineExceeded(this.host.peer, 'unknown')
      : resetByServer(code, why, byPeer, this.host.peer);
    this.finish({ ...fail(status, 'unknown'), headers: this.headers });
  }

  onConnectionLost(why: string): void {
    if (this.ended) return;
    this.finish({ ...fail(connectionLost(this.host.peer, why), 'unknown'), headers: this.headers });
  }

  onRefused(why: string): void {
    if (this.ended) return;
    this.finish({ ...fail(connectionLost(this.host.peer, why), 'refused'), peer: this.host.peer });
  }

  onNeverSent(why: string): void {
    if (!this.ended) this.host.restart(this, why);
  }

  onWritten(): void {
    if (this.whenRoom === undefined || this.queuedBytes >= HIGH_WATER_BYTES) return;
    const { whenRoom } = this;
    this.whenRoom = undefined;
    whenRoom();
  }

  writeTrailers(): void {}

  // Messages

  onMessage(bytes: Buffer, start: number, end: number, compressed: boolean): void {
    this.session?.onMessageReceived();
    if (this.ended) return;
    if (this.held) this.inbox?.put(bytes, start, end, compressed);
    else this.deliver(bytes, start, end, compressed);
  }

  onBadPrefix(flag: number, length: number): void {
    if (flag > 1) return this.broken(`a message with the unknown flags ${flag}`);
    const limit = this.host.limits.maxReceiveMessageBytes;
    const details = `a message of ${length} bytes is over the ${limit} bytes that this client accepts (limits.maxReceiveMessageBytes)`;
    this.abort({ code: Code.RESOURCE_EXHAUSTED, origin: 'remote', reason: 'MESSAGE_TOO_LARGE', details });
  }

  private deliver(bytes: Buffer, start: number, end: number, compressed: boolean): void {
    const { call, plan } = this;
    let value: unknown;
    try {
      if (compressed) {
        const limit = this.host.limits.maxReceiveMessageBytes;
        const unpacked = unpack(bytes.subarray(start, end), this.encoding, limit, 'this client');
        if (!Buffer.isBuffer(unpacked)) return this.abort(unpacked);
        value = plan.decode(unpacked, 0, unpacked.length);
      } else value = plan.decode(bytes, start, end);
    } catch (error) {
      return this.abort(decodeFailed(`the response of ${plan.method.path}`, error));
    }
    const sink = call.responses;
    if (sink === undefined) {
      this.received += 1;
      this.value = value;
      return;
    }
    try {
      const more = sink.message(value);
      if (more === true) return;
      this.held = true;
      more.then(() => this.letOn()).catch((error: unknown) => this.defect(error));
    } catch (error) {
      this.defect(error);
    }
  }

  private letOn(): void {
    this.held = false;
    while (!this.held && !this.ended) {
      const message = this.inbox?.take();
      if (message === undefined) break;
      this.deliver(message.bytes, 0, message.bytes.length, message.compressed);
    }
    if (this.ending !== undefined && !this.held) this.finish(this.ending);
  }

  // The request stream

  write(message: unknown, done: () => void): void {
    const session = this.session as ClientSession;
    if (this.ended || this.gone) return;
    const problem = sendMessage(session, this, this.plan.requests, message, this.compression, false);
    if (problem !== undefined) return this.abort(problem);
    if (this.queuedBytes >= HIGH_WATER_BYTES) this.whenRoom = done;
    else if ((this.turn ??= new TurnBudget()).spend()) nextTurn(done);
    else done();
  }

  closeRequests(): void {
    if (this.gone || this.ended) return;
    this.session?.finishSending(this, 'end');
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
  abort(status: Status, code: number = ErrorCode.cancel): void {
    if (this.ended) return;
    const { sent } = this;
    if (this.session !== undefined) this.session.reset(this, code);
    this.starting = false;
    this.finish({ ...fail(status, sent), headers: this.headers, peer: this.host.peer });
  }

  /** No session could take it. */
  giveUp(status: Status, sent: Sent = 'no'): void {
    if (!this.ended) this.finish(fail(status, sent));
  }

  /** A server that keeps the deadline itself may be some milliseconds ahead: it was told whole ones. */
  private isDue(): boolean {
    return this.call.deadline - this.host.clock.now() <= CLOCK_SLACK_MS;
  }

  private get sent(): Sent {
    return this.session === undefined ? 'no' : 'unknown';
  }

  /** The peer does not speak gRPC as it should. */
  private broken(what: string): void {
    const details = `${this.host.peer} broke the protocol: ${what}`;
    this.abort({ code: Code.INTERNAL, origin: 'remote', details }, ErrorCode.protocolError);
  }

  private onTrailers(head: ResponseHead): void {
    const trailers = toMetadata(head.entries);
    const status = head.grpcStatus === '0' ? undefined : statusOfTrailers(head, trailers, this.isDue(), this.host.peer);
    if (status !== undefined) {
      this.end({
        ok: false,
        status,
        trailers,
        sent: 'unknown',
        headers: this.headers,
        peer: this.host.peer,
      });
      return;
    }
    if (this.assembler?.atBoundary === false) return this.broken('the response ended in the middle of a message');
    if (this.call.responses === undefined && this.received !== 1) {
      const details =
        this.received === 0
          ? 'the server answered OK without a response message'
          : `the server sent ${this.received} response messages where one is allowed`;
      return this.abort({ code: Code.UNIMPLEMENTED, origin: 'remote', details });
    }
    this.end({
      ok: true,
      value: this.value,
      headers: this.headers ?? Metadata.EMPTY,
      trailers,
      peer: this.host.peer,
    });
  }

  /** The call is over once the messages before its end have been taken. */
  private end(outcome: Outcome): void {
    this.inbox?.giveUpRest();
    if (this.held) this.ending = outcome;
    else this.finish(outcome);
    this.pump?.stop();
  }

  private finish(outcome: Outcome): void {
    if (this.ended) return;
    this.release();
    this.resolve(outcome);
  }

  /** The sink threw: a defect of a layer above. */
  private defect(error: unknown): void {
    if (this.ended) return;
    this.session?.reset(this, ErrorCode.cancel);
    this.release();
    this.reject(error);
  }

  private release(): void {
    this.ended = true;
    this.host.wheel.remove(this);
    if (this.call.deadline === Number.POSITIVE_INFINITY) this.host.stayAwake(-1);
    this.call.cancellation.removeListener(this.onCancel);
    this.pump?.stop();
    this.inbox?.clear();
    const { session } = this;
    // The server is done with the call; what it did not wait for is not sent.
    if (session !== undefined && !this.gone) session.reset(this, ErrorCode.noError);
    this.host.leave(this);
  }
}
