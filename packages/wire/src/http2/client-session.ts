import type { HeaderSink } from '../hpack/header-sink.js';
import { ConnectionError, ErrorCode, errorCodeName } from './error-code.js';
import { writePing, writeSettings, writeWindowUpdate } from './frame-writer.js';
import { DEFAULT_WINDOW_BYTES, MAX_STREAM_ID, PREFACE, SettingId } from './frame.js';
import { ResponseHead } from './response-head.js';
import { CONNECTION_WINDOW_BYTES, Session, type SessionOptions, STREAM_WINDOW_BYTES } from './session.js';
import { Stream } from './stream.js';

/** A stream as a client has it. */
export abstract class ClientStream extends Stream {
  /** It is among those that begin at the end of this tick. */
  starting = false;
  /** The head of the response has come. */
  answered = false;

  /** Its turn has come: opens itself on the session and writes its head, or ends without having been sent. @param now ms */
  abstract begin(session: ClientSession, now: number): void;
  /** A header block has come: informational, the head of the response, or its trailers. Valid during the call only. */
  abstract onHead(head: ResponseHead, endStream: boolean): void;
  /** The session ended before the stream began. */
  abstract onNeverSent(why: string): void;
  /** The server has said that it did not and will not handle this stream. */
  abstract onRefused(why: string): void;
}

/** Told what becomes of a session. */
export interface ClientSessionOwner {
  /** The peer's settings have come: it speaks HTTP/2. */
  onSettled(session: ClientSession): void;
  /** A stream has ended, or more are allowed. */
  onRoom(session: ClientSession): void;
  /** Few stream ids are left: a successor is needed before `onGoaway` says that they are used up. */
  onAging(session: ClientSession): void;
  /** The peer takes no new streams. Those that it has taken go on. */
  onGoaway(session: ClientSession, code: number, debug: string): void;
  onEnded(session: ClientSession, why: string): void;
  onDefect(error: unknown): void;
}

/** From this id on a successor is asked for; there are as many streams left as calls may come until it is there. */
const AGING_FROM_ID = MAX_STREAM_ID - 2 * 65_536;

/** Streams that wait to begin which are looked through for cancelled ones, at first. */
const LOOK_FROM_BEGINS = 256;

/** The client's end of an HTTP/2 connection. */
export class ClientSession extends Session<ClientStream> {
  /** No new streams: the peer said GOAWAY, the ids are used up, or this side is closing. */
  leaving = false;
  /** A successor has been asked for. */
  aging = false;
  private readonly head: ResponseHead;
  private begins: ClientStream[] = [];
  /** With so many, those that were cancelled are forgotten: while the socket is full, nothing begins. */
  private lookAtBegins = LOOK_FROM_BEGINS;
  private nextId: number;
  private pong: (() => void) | undefined;
  private farewell: string | undefined;

  /** @param firstId for tests of sessions that run out of ids */
  constructor(
    options: Omit<SessionOptions, 'isClient'>,
    private readonly owner: ClientSessionOwner,
    firstId = 1,
  ) {
    super({ ...options, isClient: true });
    this.nextId = firstId;
    this.head = new ResponseHead(options.maxHeaderBytes);
  }

  /** @param why what the socket says; a peer that has said why it leaves is believed more */
  override onSocketEnd(why: string): void {
    super.onSocketEnd(this.farewell ?? why);
  }

  /** The client speaks first. */
  greet(): void {
    const { out } = this;
    out.reserve(PREFACE.length);
    PREFACE.copy(out.bytes, out.pos);
    out.pos += PREFACE.length;
    writeSettings(out, [
      [SettingId.enablePush, 0],
      [SettingId.initialWindowSize, STREAM_WINDOW_BYTES],
      [SettingId.maxHeaderListSize, this.options.maxHeaderBytes],
    ]);
    writeWindowUpdate(out, 0, CONNECTION_WINDOW_BYTES - DEFAULT_WINDOW_BYTES);
    out.flush();
  }

  /** Whether a further stream may be started now. */
  get hasRoom(): boolean {
    return !this.leaving && !this.ended && this.streams.size + this.begins.length < this.peer.maxConcurrentStreams;
  }

  /** Streams that are open or about to be. */
  get load(): number {
    return this.streams.size + this.begins.length;
  }

  /** A number that grows with every stream that is opened. */
  get opened(): number {
    return this.nextId;
  }

  /** Begins a stream at the end of this tick, together with the others of it: what is cancelled before is never sent. */
  start(stream: ClientStream): void {
    stream.starting = true;
    if (this.begins.push(stream) >= this.lookAtBegins) {
      this.begins = this.begins.filter(({ starting }) => starting);
      this.lookAtBegins = Math.max(LOOK_FROM_BEGINS, this.begins.length * 2);
    }
    this.out.schedule();
  }

  override beforeWrite(): void {
    if (this.begins.length > 0 && !this.ended && !this.out.blocked) this.beginAll();
    super.beforeWrite();
  }

  private beginAll(): void {
    const { begins } = this;
    this.begins = [];
    const now = this.clock.now();
    for (const stream of begins) {
      if (!stream.starting) continue;
      stream.starting = false;
      if (this.ended || this.leaving) stream.onNeverSent('the server is closing the connection');
      else stream.begin(this, now);
    }
    if (this.leaving) this.closeIfDone();
  }

  /** Gives a stream its id and place. */
  open(stream: ClientStream): void {
    stream.id = this.nextId;
    stream.sendWindow = this.peer.initialWindowSize;
    this.lastStreamId = this.nextId;
    this.nextId += 2;
    this.streams.add(stream);
    if (this.nextId > AGING_FROM_ID) this.onLateId();
  }

  private onLateId(): void {
    if (!this.aging && !this.leaving) {
      this.aging = true;
      this.owner.onAging(this);
    }
    if (this.nextId <= MAX_STREAM_ID || this.leaving) return;
    this.leaving = true;
    this.owner.onGoaway(this, ErrorCode.noError, 'its stream ids are used up');
  }

  /** PING that waits for its answer. One at a time; a later one takes the place of the earlier. */
  ping(onPong: () => void): void {
    this.pong = onPong;
    writePing(this.out, false, KEEPALIVE_PING);
    this.out.schedule();
  }

  /** Keeps the process alive, or not: a call without a deadline has nothing else that does. */
  keepAwake(wanted: boolean): void {
    if (wanted) this.options.socket.ref();
    else this.options.socket.unref();
  }

  /** Bytes read so far: a sign of life when it changes. */
  get received(): number {
    return this.bytesRead;
  }

  /** No new streams; the connection is closed when the last one has ended. */
  leave(): void {
    this.leaving = true;
    this.closeIfDone();
  }

  /** Ends the connection in order: GOAWAY, then the end of the socket. Streams that are open learn of it. */
  close(why: string): void {
    this.endInOrder(ErrorCode.noError, '', why);
  }

  /** Gives the connection up without a word, as when the peer does not answer. */
  abandon(why: string): void {
    this.options.socket.destroy();
    this.terminate(why);
  }

  protected isIdle(streamId: number): boolean {
    return streamId % 2 === 0 || streamId >= this.nextId;
  }

  protected goawayStreamId(): number {
    return 0;
  }

  protected beginHead(): HeaderSink {
    this.head.begin();
    return this.head;
  }

  protected onHead(streamId: number, endStream: boolean, malformed: string | undefined): void {
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      if (this.isIdle(streamId)) {
        throw new ConnectionError(ErrorCode.protocolError, `HEADERS on the idle stream ${streamId}`);
      }
      return;
    }
    if (stream.remoteClosed) return this.streamError(stream, ErrorCode.streamClosed, 'HEADERS after the end');
    const problem = malformed ?? this.head.problem ?? this.misplaced(stream, endStream);
    if (problem !== undefined) return this.streamError(stream, ErrorCode.protocolError, problem);
    this.abuse.earn(1);
    if (endStream) this.remoteEnd(stream);
    stream.onHead(this.head, endStream);
  }

  /** What is wrong with a header block in this place, if anything. @see RFC 9113, section 8.1 */
  private misplaced(stream: ClientStream, endStream: boolean): string | undefined {
    const { head } = this;
    if (stream.answered) {
      if (head.status !== 0) return 'a second head of the response';
      if (!endStream) return 'trailers that do not end the stream';
      return stream.promisedBytes > 0 ? 'content-length and payload differ' : undefined;
    }
    if (head.status === 0) return 'a response without :status';
    if (head.status < 200) return endStream ? 'an informational response that ends the stream' : undefined;
    stream.answered = true;
    stream.promisedBytes = head.contentLength;
    return endStream && head.contentLength > 0 ? 'content-length and payload differ' : undefined;
  }

  /** The peer has ended its side. What this side still had to send is not wanted any more. */
  remoteEnd(stream: ClientStream): void {
    stream.remoteClosed = true;
    if (stream.localClosed) this.remove(stream);
  }

  protected onPeerSettings(first: boolean): void {
    if (first) this.owner.onSettled(this);
    else this.owner.onRoom(this);
  }

  protected onPeerGoaway(code: number, debug: string): void {
    this.leaving = true;
    if (code !== ErrorCode.noError) {
      this.farewell = `the server left it with ${errorCodeName(code)} (${debug.replace(/[^\x20-\x7e]/g, '?')})`;
    }
    this.owner.onGoaway(this, code, debug);
    for (const stream of this.streams.toArray()) {
      if (stream.id <= this.peerLastStreamId) continue;
      this.remove(stream);
      stream.onRefused('the server said GOAWAY before it took the call');
    }
    this.closeIfDone();
  }

  protected onPeerPing(): void {}

  protected onPong(): void {
    const { pong } = this;
    this.pong = undefined;
    pong?.();
  }

  protected onStreamRemoved(): void {
    if (this.leaving) this.closeIfDone();
    else this.owner.onRoom(this);
  }

  private closeIfDone(): void {
    if (this.load > 0 || this.ended) return;
    queueMicrotask(() => {
      if (this.load === 0) this.close('it was closed after its last call');
    });
  }

  protected onTerminated(why: string): void {
    const { begins } = this;
    this.begins = [];
    for (const stream of begins) {
      if (!stream.starting) continue;
      stream.starting = false;
      stream.onNeverSent(why);
    }
    this.owner.onEnded(this, why);
  }

  protected onDefect(error: unknown): void {
    this.owner.onDefect(error);
  }
}

const KEEPALIVE_PING = Buffer.from('bwtr-png', 'latin1');
