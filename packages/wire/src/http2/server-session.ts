import type { HeaderSink } from '../hpack/header-sink.js';
import { ConnectionError, ErrorCode } from './error-code.js';
import { writeGoaway, writePing, writeReset, writeSettings, writeWindowUpdate } from './frame-writer.js';
import { DEFAULT_WINDOW_BYTES, MAX_STREAM_ID, PREFACE, SettingId } from './frame.js';
import { PingPolicy } from './ping-policy.js';
import { RequestHead } from './request-head.js';
import { CONNECTION_WINDOW_BYTES, Session, type SessionOptions, STREAM_WINDOW_BYTES } from './session.js';
import { Stream } from './stream.js';

/** A stream as a server has it. */
export abstract class ServerStream extends Stream {
  /** Waits for the end of the chunk that it came in. */
  due = false;
  /** Its handler runs, also after the stream has ended. */
  running = false;

  /** The stream has its id and place: it may answer, or ask to be run. */
  abstract onOpen(): void;
  /** The chunk in which its request became complete has been read, and it has not been cancelled in it. */
  abstract run(): void;
}

/** What a server makes of its sessions and their streams. */
export interface ServerSessionOwner {
  /** A request has come. `head` is valid during the call only. @returns the stream that handles it */
  accept(session: ServerSession, head: RequestHead, endStream: boolean): ServerStream;
  onEnded(session: ServerSession, why: string): void;
  /** The last stream has ended, or the first has come. */
  onIdleChange(session: ServerSession, idle: boolean): void;
  onDefect(error: unknown): void;
}

export interface ServerSessionOptions extends Omit<SessionOptions, 'isClient'> {
  readonly maxConcurrentStreams: number;
  /** Shortest time between two PINGs of a client. */
  readonly minPingIntervalMs: number;
  /** Preface and settings have to come within this time, and every header block. */
  readonly handshakeTimeoutMs: number;
}

/** The server's end of an HTTP/2 connection. */
export class ServerSession extends Session<ServerStream> {
  private readonly head: RequestHead;
  private readonly pings: PingPolicy;
  private prefaceRead = 0;
  private due: ServerStream[] = [];
  /** Handlers that go on although their stream has ended: they count as streams. */
  private orphans = 0;
  /** GOAWAY has been sent. `last`: the final one, which names the last stream that is handled. */
  private leaving: 'no' | 'soon' | 'last' = 'no';
  /** What the final GOAWAY has named. No later one may name more. */
  private lastToTake = Number.POSITIVE_INFINITY;
  /** Runs until the client has spoken HTTP/2 and acknowledged what this side announced. */
  private handshake: { cancel(): void } | undefined;
  private acknowledged = false;
  /** Runs while a header block or a frame is incomplete. */
  private patience: { cancel(): void } | undefined;
  private blockBegun = false;
  private readonly pongs: (() => void)[] = [];

  constructor(
    private readonly server: ServerSessionOptions,
    private readonly owner: ServerSessionOwner,
  ) {
    super({ ...server, isClient: false });
    this.head = new RequestHead(server.maxHeaderBytes);
    this.pings = new PingPolicy(server.minPingIntervalMs);
    this.handshake = this.clock.setTimer(server.handshakeTimeoutMs, () => this.onHandshakeLate(), { ref: false });
  }

  /** The server says what it takes, without waiting for the client. */
  greet(): void {
    writeSettings(this.out, [
      [SettingId.maxConcurrentStreams, this.server.maxConcurrentStreams],
      [SettingId.initialWindowSize, STREAM_WINDOW_BYTES],
      [SettingId.maxHeaderListSize, this.server.maxHeaderBytes],
    ]);
    writeWindowUpdate(this.out, 0, CONNECTION_WINDOW_BYTES - DEFAULT_WINDOW_BYTES);
    this.out.flush();
  }

  override onChunk(chunk: Buffer): void {
    if (this.prefaceRead === PREFACE.length) return super.onChunk(chunk);
    if (this.ended) return;
    const wanted = Math.min(PREFACE.length - this.prefaceRead, chunk.length);
    if (chunk.compare(PREFACE, this.prefaceRead, this.prefaceRead + wanted, 0, wanted) !== 0) {
      this.onForeign(chunk);
      return;
    }
    this.prefaceRead += wanted;
    if (chunk.length > wanted) super.onChunk(chunk.subarray(wanted));
  }

  /** A connection that leaves may have waited for this only. */
  override onSocketDrain(): void {
    super.onSocketDrain();
    this.endIfDone();
  }

  /** Whoever speaks HTTP/1 is told so in its own language. */
  private onForeign(chunk: Buffer): void {
    const http1 =
      this.prefaceRead === 0 && /^[A-Z]{3,10} [^ ]* HTTP\/1\.[01]\r?\n/.test(chunk.toString('latin1', 0, 2048));
    if (http1) {
      const body = 'This is a gRPC server. It speaks HTTP/2 only.\n';
      this.out.close();
      this.options.socket.write(
        Buffer.from(
          `HTTP/1.1 505 HTTP Version Not Supported\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
        ),
      );
      this.endSocket();
      this.terminate('the client speaks HTTP/1');
      return;
    }
    this.fail(
      new ConnectionError(ErrorCode.protocolError, 'this is a gRPC server, and the client does not speak HTTP/2'),
    );
  }

  /** Streams that are open, and handlers that outlived theirs. */
  get load(): number {
    return this.streams.size + this.orphans;
  }

  get received(): number {
    return this.bytesRead;
  }

  /** The handler of a stream that has ended is done too. */
  onHandlerDone(stream: ServerStream): void {
    stream.running = false;
    if (stream.gone) this.orphans -= 1;
  }

  /**
   * Runs the stream when everything that came along with it has been read: a call that is cancelled in the chunk it came in
   * costs no handler, and is cheaper than one that is answered. A handler that goes on after its call was cancelled counts as a
   * stream. So a peer gains nothing by cancelling, and may do it as often as it likes. @see CVE-2023-44487, "rapid reset"
   */
  runAfterChunk(stream: ServerStream): void {
    stream.due = true;
    this.due.push(stream);
  }

  protected override afterChunk(): void {
    while (this.due.length > 0) {
      const { due } = this;
      this.due = [];
      for (const stream of due) {
        if (!stream.due) continue;
        stream.due = false;
        if (!stream.gone) stream.run();
      }
    }
  }

  /** PING; several may wait for their answers, which come in order. */
  ping(onPong: () => void): void {
    this.pongs.push(onPong);
    writePing(this.out, false, KEEPALIVE_PING);
    this.out.schedule();
  }

  /**
   * Asks the client to leave: GOAWAY without a last stream, then, when it must have heard, one with it. Calls in flight go
   * on; the connection is closed after the last one.
   * @param why for the people on the other side, such as `max_age`
   */
  drain(why: string): void {
    if (this.ended || this.leaving !== 'no') return;
    this.leaving = 'soon';
    writeGoaway(this.out, MAX_STREAM_ID, ErrorCode.noError, why);
    const last = (): void => this.sayLast(why);
    // Those who do not answer a PING have heard all the same.
    const timer = this.clock.setTimer(LAST_GOAWAY_AFTER_MS, last, { ref: false });
    this.ping(() => {
      timer.cancel();
      last();
    });
  }

  private sayLast(why: string): void {
    if (this.ended || this.leaving === 'last') return;
    this.leaving = 'last';
    this.lastToTake = this.lastStreamId;
    writeGoaway(this.out, this.lastToTake, ErrorCode.noError, why);
    this.out.schedule();
    this.endIfDone();
  }

  /** Cuts off what is left. */
  close(why: string): void {
    this.endInOrder(ErrorCode.noError, why, why);
  }

  abandon(why: string): void {
    this.options.socket.destroy();
    this.terminate(why);
  }

  private endIfDone(): void {
    if (this.leaving !== 'last' || this.streams.size > 0 || this.ended) return;
    queueMicrotask(() => {
      if (this.ended || this.streams.size > 0) return;
      this.out.flush();
      if (this.out.blocked) return;
      this.endSocket();
      this.terminate('it was closed after its last call');
    });
  }

  protected isIdle(streamId: number): boolean {
    return streamId % 2 === 0 || streamId > this.lastStreamId;
  }

  protected goawayStreamId(): number {
    return Math.min(this.lastStreamId, this.lastToTake);
  }

  protected beginHead(): HeaderSink {
    this.head.begin();
    return this.head;
  }

  protected onHead(streamId: number, endStream: boolean, malformed: string | undefined): void {
    const open = this.streams.get(streamId);
    if (open !== undefined) return this.onTrailers(open, endStream, malformed);
    if (streamId % 2 === 0)
      throw new ConnectionError(ErrorCode.protocolError, `a request on the even stream ${streamId}`);
    if (streamId <= this.lastStreamId) return this.onOldStream(streamId);
    this.lastStreamId = streamId;
    // Its client has been told, or will read it soon. RFC 9113, section 6.8: such frames are ignored.
    if (this.leaving === 'last') return this.rememberReset(streamId);
    const problem =
      malformed ??
      this.head.requestProblem() ??
      (endStream && this.head.contentLength > 0 ? 'content-length and payload differ' : undefined);
    if (problem !== undefined) return this.refuse(streamId, ErrorCode.protocolError, problem);
    if (this.load >= this.server.maxConcurrentStreams) {
      return this.refuse(streamId, ErrorCode.refusedStream, 'a stream above MAX_CONCURRENT_STREAMS');
    }
    if (this.overBudget) return this.refuse(streamId, ErrorCode.refusedStream, 'a stream while memory is short');
    const stream = this.owner.accept(this, this.head, endStream);
    stream.id = streamId;
    stream.sendWindow = this.peer.initialWindowSize;
    stream.remoteClosed = endStream;
    stream.promisedBytes = this.head.contentLength;
    this.streams.add(stream);
    if (this.streams.size === 1) this.owner.onIdleChange(this, false);
    stream.onOpen();
  }

  private onOldStream(streamId: number): void {
    switch (this.endingOf(streamId)) {
      case 'reset-here':
        return;
      case 'closed':
        throw new ConnectionError(ErrorCode.streamClosed, `HEADERS on the closed stream ${streamId}`);
      default:
        throw new ConnectionError(
          ErrorCode.protocolError,
          `HEADERS on stream ${streamId}, which is below ${this.lastStreamId}`,
        );
    }
  }

  private onTrailers(stream: ServerStream, endStream: boolean, malformed: string | undefined): void {
    if (stream.remoteClosed) return this.streamError(stream, ErrorCode.streamClosed, 'HEADERS after the end');
    const problem =
      malformed ??
      this.head.problem ??
      (endStream ? undefined : 'a second header block that does not end the stream') ??
      (this.head.hasPseudo ? 'pseudo headers in trailers' : undefined) ??
      (stream.promisedBytes > 0 ? 'content-length and payload differ' : undefined);
    if (problem !== undefined) return this.streamError(stream, ErrorCode.protocolError, problem);
    stream.onData(EMPTY, 0, 0, true);
  }

  private refuse(streamId: number, code: number, why: string): void {
    this.abuse.spend(why, 2);
    this.rememberReset(streamId);
    writeReset(this.out, streamId, code);
  }

  /** The client has ended its side. */
  remoteEnd(stream: ServerStream): void {
    stream.remoteClosed = true;
    if (stream.localClosed) this.remove(stream);
  }

  protected onPeerSettings(first: boolean): void {
    if (first) this.onShaken();
  }

  protected override onSettingsAcknowledged(): void {
    this.acknowledged = true;
    this.onShaken();
  }

  private onShaken(): void {
    if (!this.acknowledged || !this.settled) return;
    this.handshake?.cancel();
    this.handshake = undefined;
  }

  private onHandshakeLate(): void {
    const { handshakeTimeoutMs } = this.server;
    const [code, what] = this.settled
      ? [ErrorCode.settingsTimeout, 'it did not acknowledge SETTINGS']
      : [ErrorCode.enhanceYourCalm, 'it did not speak HTTP/2'];
    this.fail(new ConnectionError(code, `${what} within ${handshakeTimeoutMs} ms (handshakeTimeoutMs)`));
  }

  protected onPeerGoaway(): void {}

  protected onPeerPing(): void {
    if (this.pings.onPing(this.clock.now(), this.streams.size > 0, this.framesSent)) return;
    throw new ConnectionError(ErrorCode.enhanceYourCalm, 'too_many_pings');
  }

  protected onPong(): void {
    this.pongs.shift()?.();
  }

  protected onStreamRemoved(stream: ServerStream): void {
    stream.due = false;
    if (stream.running) this.orphans += 1;
    if (this.streams.size === 0) this.owner.onIdleChange(this, true);
    if (this.leaving === 'last') this.endIfDone();
  }

  protected override onStraddling(begun: boolean): void {
    if (!begun && !this.blockBegun) this.calmDown();
    else if (this.patience === undefined) this.beImpatient();
  }

  protected override onBlockBegun(): void {
    this.blockBegun = true;
  }

  protected override onBlockEnded(): void {
    this.blockBegun = false;
    this.calmDown();
  }

  private beImpatient(): void {
    const { handshakeTimeoutMs } = this.server;
    this.patience = this.clock.setTimer(
      handshakeTimeoutMs,
      () => {
        const what = `a header block did not end within ${handshakeTimeoutMs} ms (handshakeTimeoutMs)`;
        this.fail(new ConnectionError(ErrorCode.enhanceYourCalm, what));
      },
      { ref: false },
    );
  }

  private calmDown(): void {
    if (this.patience === undefined) return;
    this.patience.cancel();
    this.patience = undefined;
  }

  protected onTerminated(why: string): void {
    this.calmDown();
    this.handshake?.cancel();
    this.due = [];
    this.owner.onEnded(this, why);
  }

  protected onDefect(error: unknown): void {
    this.owner.onDefect(error);
  }
}

/** A client that has not answered by then has heard of the GOAWAY all the same. */
const LAST_GOAWAY_AFTER_MS = 1000;
const KEEPALIVE_PING = Buffer.from('bwtr-png', 'latin1');
const EMPTY = Buffer.alloc(0);
