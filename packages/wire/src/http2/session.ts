import type { Clock, Timer } from '@breakwater/core';
import type { HeaderSink } from '../hpack/header-sink.js';
import { HpackDecoder } from '../hpack/hpack-decoder.js';
import { HpackEncoder } from '../hpack/hpack-encoder.js';
import { HpackError } from '../hpack/hpack-error.js';
import { AbuseBudget } from './abuse-budget.js';
import { BdpEstimator } from './bdp-estimator.js';
import { ConnectionError, ErrorCode, errorCodeName } from './error-code.js';
import { FrameReader, type FrameSink, readUint31, readUint32 } from './frame-reader.js';
import { writeGoaway, writePing, writeReset, writeSettingsAck, writeWindowUpdate } from './frame-writer.js';
import { DEFAULT_MAX_FRAME_BYTES, DEFAULT_WINDOW_BYTES, Flag, FrameType, MAX_WINDOW_BYTES } from './frame.js';
import { HeaderBlock } from './header-block.js';
import { LatePayload } from './late-payload.js';
import { linger } from './linger.js';
import type { MemoryBudget, Starved } from './memory-budget.js';
import { Output, type OutputOwner, type OutputSocket } from './output.js';
import { ReceiveWindow } from './receive-window.js';
import { RecentlyClosed } from './recently-closed.js';
import { SendRotation, type SendingSession } from './send-rotation.js';
import { PeerSettings } from './settings.js';
import type { Stream } from './stream.js';
import { StreamTable } from './stream-table.js';
import { nextTurn } from '@breakwater/rpc/transport-kit';

/** Windows that are announced at the start; both grow with the bandwidth-delay product. */
export const STREAM_WINDOW_BYTES = 256 * 1024;
export const CONNECTION_WINDOW_BYTES = 1024 * 1024;
/** Output that a peer causes and does not read: PING and SETTINGS answers, resets, headers. */
const MAX_UNREAD_CONTROL_BYTES = 1024 * 1024;

/** Payload in one frame that is less than the smallest message of gRPC. A stream of small messages is work. */
const WITHOUT_WORK_BYTES = 5;

/** The part of a socket that a session needs. */
export interface SessionSocket extends OutputSocket {
  /** Whether it keeps the process alive. */
  ref(): void;
  unref(): void;
  end(): void;
  destroy(): void;
}

export interface SessionOptions {
  readonly socket: SessionSocket;
  readonly clock: Clock;
  /** Encrypted sockets keep what is written to them for a moment. */
  readonly secure: boolean;
  /** Largest header list that is taken; a compressed block may have four times as much. */
  readonly maxHeaderBytes: number;
  /** Payload that may wait in memory, received or to be sent, before the whole connection is held back. */
  readonly maxBufferedBytes: number;
  /** The same for all connections of a server together. */
  readonly sharedBudget?: MemoryBudget | undefined;
  readonly isClient: boolean;
}

/**
 * One HTTP/2 connection over a socket, from the first frame to its end: framing, settings, flow control, PING and GOAWAY.
 * What headers mean is up to its subclasses, what a stream means to `Stream`. Breaking a rule of the connection is answered
 * with GOAWAY and the end of the connection; breaking one of a stream with RST_STREAM.
 * @see RFC 9113
 */
export abstract class Session<S extends Stream> implements FrameSink, OutputOwner, SendingSession, Starved {
  readonly out: Output;
  readonly encoder = new HpackEncoder();
  readonly streams = new StreamTable<S>();
  readonly peer = new PeerSettings();
  sendWindow = DEFAULT_WINDOW_BYTES;
  /** The connection is over; nothing is read or written any more. */
  ended = false;
  /** Why it is over, for people. */
  endedWhy = '';
  /** Payload that waits in memory for the peer to take it. */
  private queuedBytes = 0;
  /** Payload that waits in memory for its reader, or for the rest of its message. */
  private receivedBytes = 0;
  /** The part of it that waits for its reader. */
  private unreadBytes = 0;
  /** Highest id of a stream that the peer has opened, on a server; that this side has opened, on a client. */
  protected lastStreamId = 0;
  /** The peer's GOAWAY: it takes no streams above this id. */
  protected peerLastStreamId = Number.POSITIVE_INFINITY;
  /** Frames of headers and payload that have been written. */
  framesSent = 0;
  protected readonly abuse: AbuseBudget;
  protected readonly clock: Clock;
  private readonly decoder = new HpackDecoder();
  private readonly reader = new FrameReader();
  private readonly block: HeaderBlock;
  private readonly connectionWindow: ReceiveWindow;
  private readonly bdp = new BdpEstimator(STREAM_WINDOW_BYTES);
  private streamWindowBytes = STREAM_WINDOW_BYTES;
  private readonly closedStreams = new RecentlyClosed();
  private readonly late = new LatePayload();
  private readonly rotation: SendRotation;
  private settingsReceived = false;
  private lingering: Timer | undefined = undefined;
  /** Payload of the connection that has not been given back because readers keep too much. */
  private withheldBytes = 0;
  /** Of the whole connection: keepalive sees by it whether the peer lives. */
  protected bytesRead = 0;

  protected constructor(protected readonly options: SessionOptions) {
    this.clock = options.clock;
    this.out = new Output(options.socket, this, options.secure);
    this.abuse = new AbuseBudget(() => options.clock.now());
    this.block = new HeaderBlock(Math.max(options.maxHeaderBytes * 4, 64 * 1024));
    this.connectionWindow = new ReceiveWindow(CONNECTION_WINDOW_BYTES);
    this.rotation = new SendRotation(this);
  }

  get peerMaxFrame(): number {
    // Larger frames would only make streams wait for each other.
    return DEFAULT_MAX_FRAME_BYTES;
  }

  /** True once the peer has announced its settings: it speaks HTTP/2. */
  get settled(): boolean {
    return this.settingsReceived;
  }

  // What the socket tells

  /** Takes what came. Never throws: a broken rule ends the connection. */
  onChunk(chunk: Buffer): void {
    if (this.ended) return;
    this.bytesRead += chunk.length;
    try {
      this.reader.feed(chunk, this);
      if (!this.ended) {
        this.afterChunk();
        this.onStraddling(this.reader.waitsForHead);
      }
    } catch (error) {
      this.onThrow(error);
    }
    if (this.ended) return;
    // Payload waits in queues meanwhile, and counts against the budgets.
    if (this.out.blocked && this.out.unwrittenBytes > MAX_UNREAD_CONTROL_BYTES) {
      this.fail(new ConnectionError(ErrorCode.enhanceYourCalm, 'the answers to its frames are not read'));
      return;
    }
    if (this.out.pos > 0 || !this.rotation.idle) this.out.scheduleAfterMicrotasks();
  }

  onSocketDrain(): void {
    if (!this.ended) this.out.onDrain();
  }

  /** The socket has closed or failed. */
  onSocketEnd(why: string): void {
    if (this.ended) return;
    this.terminate(why);
  }

  /** The socket is gone: nobody has to look after it any more. */
  onSocketClosed(why: string): void {
    this.onSocketEnd(why);
    this.lingering?.cancel();
  }

  beforeWrite(): void {
    if (this.ended || this.out.blocked || this.rotation.idle) return;
    if (this.rotation.pump()) nextTurn(this.resume);
  }

  private readonly resume = (): void => {
    if (!this.ended) this.out.flush();
  };

  // What streams ask for

  /** Payload that cannot leave at once: it waits for its turn. It must not change any more. */
  enqueue(stream: S, payload: Buffer): void {
    this.queuedBytes += payload.length;
    this.options.sharedBudget?.take(payload.length);
    this.rotation.enqueue(stream, payload);
    this.out.schedule();
  }

  /** Whether `byteCount` bytes of payload of the stream can be written right now, in one frame. */
  canWrite(stream: S, byteCount: number): boolean {
    return (
      stream.queuedBytes === 0 &&
      !this.out.blocked &&
      byteCount <= stream.sendWindow &&
      byteCount <= this.sendWindow &&
      byteCount <= this.peerMaxFrame
    );
  }

  /** Ends the sending side once the queue of the stream is empty. */
  finishSending(stream: S, tail: 'end' | 'trailers'): void {
    this.rotation.finish(stream, tail);
    this.out.schedule();
  }

  onTailWritten(stream: Stream): void {
    this.localEnd(stream as S);
  }

  /** Headers or payload have been written: what a peer may cause without reason is measured by it. */
  onFrameSent(): void {
    this.framesSent += 1;
    this.abuse.earn(2);
  }

  /** A message has become complete: the frame that ended it was none without work, however small. */
  onMessageReceived(): void {
    this.abuse.earn(1);
  }

  /** The last frame of this side has been written. */
  localEnd(stream: S): void {
    stream.localClosed = true;
    if (stream.remoteClosed) this.remove(stream);
  }

  /** Ends a stream from this side. */
  reset(stream: S, code: number): void {
    if (stream.gone || this.ended) return;
    writeReset(this.out, stream.id, code);
    this.remove(stream, true);
    this.out.schedule();
  }

  /** Gives back what a stream has consumed, so that the peer may send more. */
  consume(stream: S, byteCount: number): void {
    const window = stream.receiveWindow;
    if (window === undefined || stream.remoteClosed || stream.gone || this.ended) return;
    const increment = window.giveBack(byteCount);
    if (increment > 0) {
      writeWindowUpdate(this.out, stream.id, increment);
      this.out.schedule();
    }
  }

  /** Queued payload has left, or never will. */
  letGo(byteCount: number): void {
    this.queuedBytes -= byteCount;
    this.options.sharedBudget?.giveBack(byteCount);
  }

  /** Received payload waits in memory. */
  hold(byteCount: number): void {
    this.receivedBytes += byteCount;
    this.options.sharedBudget?.take(byteCount);
  }

  /** It does not any more. */
  release(byteCount: number): void {
    this.receivedBytes -= byteCount;
    this.options.sharedBudget?.giveBack(byteCount);
  }

  /** Of what is held, so much waits for nothing but its reader. */
  keepUnread(byteCount: number): void {
    this.unreadBytes += byteCount;
    this.options.sharedBudget?.keepUnread(byteCount);
  }

  /** It does not any more. */
  onRead(byteCount: number): void {
    this.unreadBytes -= byteCount;
    this.options.sharedBudget?.onRead(byteCount);
    if (this.withheldBytes > 0) this.onMemory();
  }

  /** Readers have made room: the peer may send again. */
  onMemory(): void {
    if (this.withheldBytes === 0 || this.ended) return;
    if (this.clogged) {
      this.options.sharedBudget?.await(this);
      return;
    }
    const withheld = this.withheldBytes;
    this.withheldBytes = 0;
    this.creditConnection(withheld);
    this.out.schedule();
  }

  /** Payload that waits in memory, whatever for. */
  get bufferedBytes(): number {
    return this.queuedBytes + this.receivedBytes;
  }

  /** Too much waits in memory: nothing that can be refused is taken. */
  get overBudget(): boolean {
    return this.bufferedBytes > this.options.maxBufferedBytes || this.options.sharedBudget?.exhausted === true;
  }

  /** Too much has come whose message is not complete, or that nobody has read. */
  get receivedTooMuch(): boolean {
    return this.receivedBytes > this.options.maxBufferedBytes || this.options.sharedBudget?.exhausted === true;
  }

  /**
   * Readers keep too much: the peer has to wait for them. It never has to wait for the rest of a message, which it is to
   * send, nor for what this side sends, which it is to take: two peers would wait for each other for ever.
   */
  private get clogged(): boolean {
    return this.unreadBytes > this.options.maxBufferedBytes || this.options.sharedBudget?.clogged === true;
  }

  protected remove(stream: S, resetHere = false): void {
    if (stream.gone) return;
    stream.gone = true;
    this.dropQueue(stream);
    this.streams.remove(stream);
    this.closedStreams.add(stream.id, resetHere);
    if (resetHere && !stream.remoteClosed) this.expectLate(stream.receiveWindow?.left ?? STREAM_WINDOW_BYTES);
    this.onStreamRemoved(stream);
  }

  private expectLate(windowBytes: number): void {
    this.late.expect(windowBytes, this.connectionWindow.target);
  }

  private dropQueue(stream: S): void {
    if (stream.queuedBytes === 0) return;
    const { queuedBytes } = stream;
    stream.queue = undefined;
    stream.gathered = undefined;
    stream.queuedBytes = 0;
    this.letGo(queuedBytes);
  }

  // Frames

  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (this.block.streamId !== 0 && (type !== FrameType.continuation || streamId !== this.block.streamId)) {
      throw new ConnectionError(
        ErrorCode.protocolError,
        `frame type ${type} in the middle of the header block of stream ${this.block.streamId}`,
      );
    }
    if (!this.settingsReceived && (type !== FrameType.settings || (flags & Flag.ack) !== 0)) {
      throw new ConnectionError(ErrorCode.protocolError, `the first frame has type ${type}, but must be SETTINGS`);
    }
    switch (type) {
      case FrameType.data:
        return this.onDataFrame(flags, streamId, bytes, start, end);
      case FrameType.headers:
        return this.onHeadersFrame(flags, streamId, bytes, start, end);
      case FrameType.continuation:
        return this.onContinuation(flags, streamId, bytes, start, end);
      case FrameType.rstStream:
        return this.onResetFrame(streamId, bytes, start, end);
      case FrameType.windowUpdate:
        return this.onWindowUpdate(streamId, bytes, start, end);
      case FrameType.settings:
        return this.onSettings(flags, streamId, bytes, start, end);
      case FrameType.ping:
        return this.onPing(flags, streamId, bytes, start, end);
      case FrameType.goaway:
        return this.onGoawayFrame(streamId, bytes, start, end);
      case FrameType.priority:
        return this.onPriority(streamId, bytes, start, end);
      case FrameType.pushPromise:
        throw new ConnectionError(ErrorCode.protocolError, 'PUSH_PROMISE, which was not allowed');
      default:
        this.abuse.spend(`a frame of the unknown type ${type}`);
    }
  }

  private onDataFrame(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    requireStream(streamId, 'DATA');
    const size = end - start;
    let from = start;
    let to = end;
    if ((flags & Flag.padded) !== 0) {
      if (size === 0) throw new ConnectionError(ErrorCode.frameSizeError, 'a padded DATA frame without its length');
      from += 1;
      to -= bytes[start] as number;
      if (to < from) throw tooMuchPadding('DATA');
    }
    if (!this.connectionWindow.take(size)) {
      throw new ConnectionError(ErrorCode.flowControlError, 'more payload than the window of the connection allows');
    }
    const endStream = (flags & Flag.endStream) !== 0;
    const stream = this.streams.get(streamId);
    if (stream === undefined) this.onDataWithoutStream(streamId, size);
    else this.onStreamData(stream, bytes, from, to, endStream, size);
    this.returnToConnection(size);
  }

  /** @param size of the frame, with its padding */
  private onStreamData(stream: S, bytes: Buffer, start: number, end: number, endStream: boolean, size: number): void {
    if (end - start < WITHOUT_WORK_BYTES && !endStream) this.abuse.spend('a tiny DATA frame');
    else this.abuse.earn(1);
    if (stream.promisedBytes >= 0 && !this.keepsPromise(stream, end - start, endStream)) {
      this.streamError(stream, ErrorCode.protocolError, 'content-length and payload differ');
    } else if (stream.remoteClosed)
      this.streamError(stream, ErrorCode.streamClosed, 'DATA after the end of the stream');
    else if (endStream || this.takeFromStream(stream, size)) {
      if (endStream && stream.receiveWindow !== undefined && !stream.receiveWindow.take(size)) {
        this.streamError(stream, ErrorCode.flowControlError, 'more payload than the window of the stream allows');
      } else {
        stream.onData(bytes, start, end, endStream);
        if (end - start < size && !endStream) this.consume(stream, size - (end - start));
      }
    }
  }

  /** @see RFC 9113, section 8.1.1 */
  protected keepsPromise(stream: S, byteCount: number, endStream: boolean): boolean {
    stream.promisedBytes -= byteCount;
    return endStream ? stream.promisedBytes === 0 : stream.promisedBytes >= 0;
  }

  private takeFromStream(stream: S, size: number): boolean {
    stream.receiveWindow ??= this.openWindow(stream);
    if (stream.receiveWindow.take(size)) return true;
    this.streamError(stream, ErrorCode.flowControlError, 'more payload than the window of the stream allows');
    return false;
  }

  /** The peer counts with what the settings announced; what the window has grown since is told per stream. */
  private openWindow(stream: S): ReceiveWindow {
    const window = new ReceiveWindow(STREAM_WINDOW_BYTES);
    const more = window.grow(this.streamWindowBytes);
    if (more > 0) writeWindowUpdate(this.out, stream.id, more);
    return window;
  }

  private returnToConnection(size: number): void {
    if (this.ended || size === 0) return;
    if (this.bdp.received(size)) {
      this.bdp.begin(this.clock.now());
      writePing(this.out, false, BDP_PING);
    }
    if (!this.clogged) return this.creditConnection(size);
    this.withheldBytes += size;
    this.options.sharedBudget?.await(this);
  }

  private creditConnection(size: number): void {
    const increment = this.connectionWindow.giveBack(size);
    if (increment > 0) writeWindowUpdate(this.out, 0, increment);
  }

  private onDataWithoutStream(streamId: number, size: number): void {
    if (this.isIdle(streamId))
      throw new ConnectionError(ErrorCode.protocolError, `DATA on the idle stream ${streamId}`);
    if (this.late.take(size)) return;
    this.abuse.spend(`DATA on the closed stream ${streamId}`, 10);
    writeReset(this.out, streamId, ErrorCode.streamClosed);
  }

  private onHeadersFrame(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    requireStream(streamId, 'HEADERS');
    let from = start;
    let to = end;
    if ((flags & Flag.padded) !== 0) {
      if (from === to) throw new ConnectionError(ErrorCode.frameSizeError, 'a padded HEADERS frame without its length');
      to -= bytes[from] as number;
      from += 1;
    }
    let dependsOn = -1;
    if ((flags & Flag.priority) !== 0) {
      if (to - from < 5) throw new ConnectionError(ErrorCode.frameSizeError, 'HEADERS too short for its priority');
      dependsOn = readUint31(bytes, from);
      from += 5;
    }
    if (to < from) throw tooMuchPadding('HEADERS');
    const endStream = (flags & Flag.endStream) !== 0;
    const malformed = dependsOn === streamId ? 'it depends on itself' : undefined;
    if ((flags & Flag.endHeaders) !== 0) this.decode(streamId, bytes, from, to, endStream, malformed);
    else {
      this.block.begin(streamId, endStream, malformed, bytes.subarray(from, to));
      this.onBlockBegun();
    }
  }

  private onContinuation(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (this.block.streamId === 0 || streamId === 0) {
      throw new ConnectionError(ErrorCode.protocolError, 'CONTINUATION without HEADERS');
    }
    this.block.add(bytes.subarray(start, end));
    if ((flags & Flag.endHeaders) === 0) return;
    const { endStream, malformed } = this.block;
    const block = this.block.finish();
    this.onBlockEnded();
    this.decode(streamId, block, 0, block.length, endStream, malformed);
  }

  private decode(
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
    endStream: boolean,
    malformed: string | undefined,
  ): void {
    const sink = this.beginHead();
    this.decoder.decode(bytes, start, end, sink);
    this.onHead(streamId, endStream, malformed);
  }

  private onResetFrame(streamId: number, bytes: Buffer, start: number, end: number): void {
    requireStream(streamId, 'RST_STREAM');
    if (end - start !== 4) throw wrongSize('RST_STREAM', end - start);
    if (this.isIdle(streamId)) {
      throw new ConnectionError(ErrorCode.protocolError, `RST_STREAM on the idle stream ${streamId}`);
    }
    const stream = this.streams.get(streamId);
    // Cancelling is what a call is open for; how many are open at a time is limited elsewhere.
    if (stream === undefined) return this.abuse.spend('RST_STREAM of a closed stream');
    const code = readUint32(bytes, start);
    this.remove(stream);
    stream.onReset(code, errorCodeName(code), true);
  }

  private onWindowUpdate(streamId: number, bytes: Buffer, start: number, end: number): void {
    if (end - start !== 4) throw wrongSize('WINDOW_UPDATE', end - start);
    const increment = readUint31(bytes, start);
    this.abuse.spend('WINDOW_UPDATE');
    if (streamId === 0) {
      if (increment === 0) throw new ConnectionError(ErrorCode.protocolError, 'WINDOW_UPDATE of 0');
      this.sendWindow += increment;
      if (this.sendWindow > MAX_WINDOW_BYTES) {
        throw new ConnectionError(ErrorCode.flowControlError, 'the window of the connection grew above 2^31-1');
      }
      return;
    }
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      if (this.isIdle(streamId)) {
        throw new ConnectionError(ErrorCode.protocolError, `WINDOW_UPDATE on the idle stream ${streamId}`);
      }
      return;
    }
    if (increment === 0) return this.streamError(stream, ErrorCode.protocolError, 'WINDOW_UPDATE of 0');
    stream.sendWindow += increment;
    if (stream.sendWindow > MAX_WINDOW_BYTES) {
      return this.streamError(stream, ErrorCode.flowControlError, 'the window of the stream grew above 2^31-1');
    }
    if (stream.queuedBytes > 0) this.rotation.enter(stream);
  }

  private onSettings(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== 0) throw new ConnectionError(ErrorCode.protocolError, `SETTINGS on stream ${streamId}`);
    if ((flags & Flag.ack) !== 0) {
      if (end !== start) throw wrongSize('SETTINGS acknowledgement', end - start);
      this.abuse.spend('a SETTINGS acknowledgement');
      return this.onSettingsAcknowledged();
    }
    this.abuse.spend('SETTINGS', 2);
    const before = this.peer.initialWindowSize;
    this.peer.apply(bytes, start, end, this.options.isClient);
    this.encoder.setPeerTableSize(this.peer.headerTableSize);
    const change = this.peer.initialWindowSize - before;
    if (change !== 0) this.moveSendWindows(change);
    writeSettingsAck(this.out);
    const first = !this.settingsReceived;
    this.settingsReceived = true;
    this.onPeerSettings(first);
  }

  private moveSendWindows(change: number): void {
    for (const stream of this.streams.toArray()) {
      stream.sendWindow += change;
      if (stream.sendWindow > MAX_WINDOW_BYTES) {
        throw new ConnectionError(ErrorCode.flowControlError, 'SETTINGS_INITIAL_WINDOW_SIZE made a window overflow');
      }
      if (stream.queuedBytes > 0 && stream.sendWindow > 0) this.rotation.enter(stream);
    }
  }

  private onPing(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== 0) throw new ConnectionError(ErrorCode.protocolError, `PING on stream ${streamId}`);
    if (end - start !== 8) throw wrongSize('PING', end - start);
    const payload = bytes.subarray(start, end);
    this.abuse.spend('PING');
    if ((flags & Flag.ack) === 0) {
      this.onPeerPing();
      if (!this.ended) writePing(this.out, true, payload);
    } else if (payload.equals(BDP_PING)) this.growWindows(this.bdp.end(this.clock.now()));
    else this.onPong(payload);
  }

  private growWindows(size: number): void {
    if (size === 0) return;
    this.streamWindowBytes = size;
    const increment = this.connectionWindow.grow(size);
    if (increment > 0) writeWindowUpdate(this.out, 0, increment);
    for (const stream of this.streams.toArray()) {
      const more = stream.remoteClosed ? 0 : (stream.receiveWindow?.grow(size) ?? 0);
      if (more > 0) writeWindowUpdate(this.out, stream.id, more);
    }
  }

  private onGoawayFrame(streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== 0) throw new ConnectionError(ErrorCode.protocolError, `GOAWAY on stream ${streamId}`);
    if (end - start < 8) throw wrongSize('GOAWAY', end - start);
    this.peerLastStreamId = Math.min(this.peerLastStreamId, readUint31(bytes, start));
    const code = readUint32(bytes, start + 4);
    this.onPeerGoaway(code, bytes.toString('latin1', start + 8, Math.min(end, start + 8 + 256)));
  }

  private onPriority(streamId: number, bytes: Buffer, start: number, end: number): void {
    requireStream(streamId, 'PRIORITY');
    this.abuse.spend('PRIORITY');
    if (end - start !== 5) {
      if (this.isIdle(streamId)) throw wrongSize('PRIORITY', end - start);
      return this.resetById(streamId, ErrorCode.frameSizeError, 'PRIORITY of a wrong size');
    }
    if (readUint31(bytes, start) === streamId) {
      if (this.isIdle(streamId)) throw new ConnectionError(ErrorCode.protocolError, 'a stream that depends on itself');
      this.resetById(streamId, ErrorCode.protocolError, 'a stream that depends on itself');
    }
  }

  // Ends

  /** The peer broke a rule of one stream. */
  protected streamError(stream: S, code: number, why: string): void {
    this.reset(stream, code);
    stream.onReset(code, why, false);
  }

  protected resetById(streamId: number, code: number, why: string): void {
    const stream = this.streams.get(streamId);
    if (stream !== undefined) this.streamError(stream, code, why);
    else writeReset(this.out, streamId, code);
  }

  /** A stream that never came to be: frames for it are on their way. */
  protected rememberReset(streamId: number): void {
    this.closedStreams.add(streamId, true);
    this.expectLate(STREAM_WINDOW_BYTES);
  }

  protected endingOf(streamId: number): 'reset-here' | 'closed' | undefined {
    return this.closedStreams.endingOf(streamId);
  }

  /** Tells the peer which rule it broke, and ends the connection. */
  protected fail(error: ConnectionError): void {
    this.endInOrder(error.code, error.message, `${errorCodeName(error.code)}: ${error.message}`);
  }

  /** Says GOAWAY as the last of all, behind what has been written, and ends the connection. @param debug for the peer */
  protected endInOrder(code: number, debug: string, why: string): void {
    if (this.ended) return;
    // From here on nothing begins, and no payload goes on.
    this.ended = true;
    writeGoaway(this.out, this.goawayStreamId(), code, debug);
    this.out.blocked = false;
    this.out.flush();
    this.endSocket();
    this.dissolve(why);
  }

  /** The end of the socket, in order. */
  protected endSocket(): void {
    const { socket } = this.options;
    socket.end();
    if (socket.writableLength === 0) socket.unref();
  }

  /** Nothing more is read or written; every stream learns of it. */
  protected terminate(why: string): void {
    if (this.ended) return;
    this.ended = true;
    this.dissolve(why);
  }

  private dissolve(why: string): void {
    this.endedWhy = why;
    this.out.close();
    for (const stream of this.streams.toArray()) {
      stream.gone = true;
      this.dropQueue(stream);
      this.streams.remove(stream);
      stream.onConnectionLost(why);
    }
    this.options.sharedBudget?.forget(this);
    this.lingering = linger(this.options.socket, this.clock);
    this.onTerminated(why);
  }

  private onThrow(error: unknown): void {
    if (error instanceof ConnectionError) return this.fail(error);
    if (error instanceof HpackError) return this.fail(new ConnectionError(ErrorCode.compressionError, error.message));
    // A defect of ours must not take the process down with it, and not be hidden either.
    this.fail(new ConnectionError(ErrorCode.internalError, error instanceof Error ? error.message : String(error)));
    this.onDefect(error);
  }

  /** Whether a stream of that id has not been opened yet. */
  protected abstract isIdle(streamId: number): boolean;
  /** The last stream that this side has taken from its peer. */
  protected abstract goawayStreamId(): number;
  /** A header block is about to be decoded into what is returned. */
  protected abstract beginHead(): HeaderSink;
  /** It has been decoded. @param malformed what is wrong with its frame, if anything */
  protected abstract onHead(streamId: number, endStream: boolean, malformed: string | undefined): void;
  protected abstract onPeerSettings(first: boolean): void;
  protected abstract onPeerGoaway(code: number, debug: string): void;
  protected abstract onPeerPing(): void;
  protected abstract onPong(payload: Buffer): void;
  protected abstract onStreamRemoved(stream: S): void;
  protected abstract onTerminated(why: string): void;
  protected abstract onDefect(error: unknown): void;
  /** All frames of a chunk have been handled. */
  protected afterChunk(): void {}
  protected onSettingsAcknowledged(): void {}
  /** The chunk has been read. @param begun whether it ended within a frame that is no DATA */
  protected onStraddling(_begun: boolean): void {}
  /** A header block has begun that needs CONTINUATION frames. */
  protected onBlockBegun(): void {}
  protected onBlockEnded(): void {}
}

const BDP_PING = Buffer.from('bwtr-bdp', 'latin1');

function requireStream(streamId: number, what: string): void {
  if (streamId === 0) throw new ConnectionError(ErrorCode.protocolError, `${what} on stream 0`);
}

const wrongSize = (what: string, size: number): ConnectionError =>
  new ConnectionError(ErrorCode.frameSizeError, `${what} of ${size} bytes`);

const tooMuchPadding = (what: string): ConnectionError =>
  new ConnectionError(ErrorCode.protocolError, `${what} with more padding than payload`);
