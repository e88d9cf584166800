import type { Timer } from '@breakwater/core';
import { nextTurn } from '@breakwater/rpc/transport-kit';
import type { HeaderSink } from '../hpack/header-sink.js';
import { HpackDecoder } from '../hpack/hpack-decoder.js';
import { HpackEncoder } from '../hpack/hpack-encoder.js';
import { HpackError } from '../hpack/hpack-error.js';
import { ConnectionError, ErrorCode, errorCodeName } from './error-code.js';
import { FrameReader, type FrameSink, readUint31, readUint32 } from './frame-reader.js';
import { writeGoaway, writePing, writeReset, writeSettingsAck } from './frame-writer.js';
import { Flag, FrameType, MAX_WINDOW_BYTES } from './frame.js';
import { HeaderBlock } from './header-block.js';
import { linger } from './linger.js';
import { BDP_PING, type SessionOptions } from './receive-flow.js';
import { SessionStreams } from './session-streams.js';
import { PeerSettings } from './settings.js';
import type { Stream } from './stream.js';

export {
  CONNECTION_WINDOW_BYTES,
  STREAM_WINDOW_BYTES,
  type SessionOptions,
  type SessionSocket,
} from './receive-flow.js';

/** Output that a peer causes and does not read: PING and SETTINGS answers, resets, headers. */
const MAX_UNREAD_CONTROL_BYTES = 1024 * 1024;
/** Payload in one frame that is less than the smallest message of gRPC. A stream of small messages is work. */
const WITHOUT_WORK_BYTES = 5;

/**
 * One HTTP/2 connection over a socket, from the first frame to its end: framing, settings, flow control, PING and GOAWAY.
 * What headers mean is up to its subclasses, what a stream means to `Stream`. Breaking a rule of the connection is answered
 * with GOAWAY and the end of the connection; breaking one of a stream with RST_STREAM.
 * @see RFC 9113
 */
export abstract class Session<S extends Stream> extends SessionStreams<S> implements FrameSink {
  readonly encoder = new HpackEncoder();
  readonly peer = new PeerSettings();
  /** Why it is over, for people. */
  endedWhy = '';
  /** Highest id of a stream that the peer has opened, on a server; that this side has opened, on a client. */
  protected lastStreamId = 0;
  /** The peer's GOAWAY: it takes no streams above this id. */
  protected peerLastStreamId = Number.POSITIVE_INFINITY;
  /** Of the whole connection: keepalive sees by it whether the peer lives. */
  protected bytesRead = 0;
  private readonly decoder = new HpackDecoder();
  private readonly reader = new FrameReader();
  private readonly block: HeaderBlock;
  private settingsReceived = false;
  private lingering: Timer | undefined = undefined;

  protected constructor(options: SessionOptions) {
    super(options);
    this.block = new HeaderBlock(Math.max(options.maxHeaderBytes * 4, 64 * 1024));
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
    this.encoder.setPeerTableSize(this.peer.lowestTableSize);
    this.encoder.setPeerTableSize(this.peer.headerTableSize);
    const change = this.peer.initialWindowSize - before;
    if (change !== 0) this.moveSendWindows(change);
    writeSettingsAck(this.out);
    const first = !this.settingsReceived;
    this.settingsReceived = true;
    this.onPeerSettings(first);
  }

  private onPing(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== 0) throw new ConnectionError(ErrorCode.protocolError, `PING on stream ${streamId}`);
    if (end - start !== 8) throw wrongSize('PING', end - start);
    const payload = bytes.subarray(start, end);
    this.abuse.spend('PING');
    if ((flags & Flag.ack) === 0) {
      this.onPeerPing();
      if (!this.ended) writePing(this.out, true, payload);
    } else if (payload.equals(BDP_PING)) this.onBandwidthMeasured();
    else this.onPong(payload);
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

function requireStream(streamId: number, what: string): void {
  if (streamId === 0) throw new ConnectionError(ErrorCode.protocolError, `${what} on stream 0`);
}

const wrongSize = (what: string, size: number): ConnectionError =>
  new ConnectionError(ErrorCode.frameSizeError, `${what} of ${size} bytes`);

const tooMuchPadding = (what: string): ConnectionError =>
  new ConnectionError(ErrorCode.protocolError, `${what} with more padding than payload`);
