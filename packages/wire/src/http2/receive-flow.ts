import type { Clock } from '@breakwater/core';
import { BdpEstimator } from './bdp-estimator.js';
import { writePing, writeWindowUpdate } from './frame-writer.js';
import type { MemoryBudget, Starved } from './memory-budget.js';
import { Output, type OutputOwner, type OutputSocket } from './output.js';
import { ReceiveWindow } from './receive-window.js';
import type { Stream } from './stream.js';
import { StreamTable } from './stream-table.js';

/** Windows that are announced at the start; both grow with the bandwidth-delay product. */
export const STREAM_WINDOW_BYTES = 256 * 1024;
export const CONNECTION_WINDOW_BYTES = 1024 * 1024;
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
  /** Payload that may wait in memory before the peer is held back; with four times as much, received or to be sent, calls are refused. */
  readonly maxBufferedBytes: number;
  /** The same for all connections of a server together. */
  readonly sharedBudget?: MemoryBudget | undefined;
  readonly isClient: boolean;
}

/** A stream whose message has begun and wants to go on. */
export interface Incomplete {
  /** Its turn has come, or there is memory again. */
  goOn(): void;
}

/**
 * What may wait in memory at all, in terms of the limit. Above the limit messages become complete one after the other: what
 * comes beyond it is what windows allowed before, and what is sent.
 */
const UTMOST = 4;

/** The PING that measures the bandwidth. */
export const BDP_PING = Buffer.from('bwtr-bdp', 'latin1');

/**
 * What a session lets its peer send: the windows of connection and streams, which grow with the bandwidth-delay product,
 * and the memory that all of it may take. The lowest part of a session.
 * @see RFC 9113, section 5.2
 */
export abstract class ReceiveFlow<S extends Stream> implements OutputOwner, Starved {
  readonly out: Output;
  readonly streams = new StreamTable<S>();
  /** The connection is over; nothing is read or written any more. */
  ended = false;
  protected readonly clock: Clock;
  protected readonly connectionWindow = new ReceiveWindow(CONNECTION_WINDOW_BYTES);
  /** Payload that waits in memory for the peer to take it. */
  private queuedBytes = 0;
  /** Payload that waits in memory for its reader, or for the rest of its message. */
  private receivedBytes = 0;
  /** The part of it that waits for its reader. */
  private unreadBytes = 0;
  private readonly bdp = new BdpEstimator(STREAM_WINDOW_BYTES);
  private streamWindowBytes = STREAM_WINDOW_BYTES;
  /**
   * What the windows of open streams have grown by, together: no more than may wait in memory. Many streams fill the
   * connection also with the windows that they begin with.
   */
  private grownBytes = 0;
  /** Payload of the connection that has not been given back because readers keep too much. */
  private withheldBytes = 0;
  /** Streams whose messages are incomplete while memory is short, in order. The first goes on, the others wait. */
  private readonly line = new Set<Incomplete>();

  protected constructor(protected readonly options: SessionOptions) {
    this.clock = options.clock;
    this.out = new Output(options.socket, this, options.secure);
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

  /** Payload waits for its turn to leave. */
  protected keepQueued(byteCount: number): void {
    this.queuedBytes += byteCount;
    this.options.sharedBudget?.take(byteCount);
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
    if (this.line.size === 0 || this.memoryIsShort) return;
    const waiting = [...this.line];
    this.line.clear();
    for (const one of waiting) one.goOn();
  }

  /**
   * Whether the rest of a message may come now. While memory is short, messages become complete one after the other: all at
   * once they would need memory that there is not, and none would become complete. Who waits is told with `goOn`.
   */
  mayGoOn(one: Incomplete): boolean {
    if (!this.memoryIsShort) return true;
    this.line.add(one);
    return this.first === one;
  }

  /** The message has become complete, or nobody wants it any more: the next one's turn. */
  leaveLine(one: Incomplete): void {
    if (this.line.size === 0) return;
    const { first } = this;
    if (this.line.delete(one) && first === one) this.first?.goOn();
  }

  private get first(): Incomplete | undefined {
    for (const one of this.line) return one;
    return undefined;
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

  /** So much waits in memory, whatever for, that nothing more is begun. */
  get overBudget(): boolean {
    const { maxBufferedBytes, sharedBudget } = this.options;
    return this.bufferedBytes > maxBufferedBytes * UTMOST || sharedBudget?.exhausted === true;
  }

  /** More has come than may wait whose message is not complete, or that nobody has read. */
  private get memoryIsShort(): boolean {
    return this.receivedBytes > this.options.maxBufferedBytes;
  }

  /** So much has come that waiting does not help: messages have to be given up. */
  get receivedTooMuch(): boolean {
    const { maxBufferedBytes, sharedBudget } = this.options;
    return this.receivedBytes > maxBufferedBytes * UTMOST || sharedBudget?.exhausted === true;
  }

  /**
   * Readers keep too much: the peer has to wait for them. It never has to wait for the rest of a message, which it is to
   * send, nor for what this side sends, which it is to take: two peers would wait for each other for ever.
   */
  private get clogged(): boolean {
    return this.unreadBytes > this.options.maxBufferedBytes || this.options.sharedBudget?.clogged === true;
  }

  /** The peer counts with what the settings announced; what the window has grown since is told per stream. */
  protected openWindow(stream: S): ReceiveWindow {
    const window = new ReceiveWindow(STREAM_WINDOW_BYTES);
    this.growWindow(stream, window);
    return window;
  }

  private growWindow(stream: S, window: ReceiveWindow): void {
    const room = this.memoryIsShort ? 0 : Math.max(0, this.options.maxBufferedBytes - this.grownBytes);
    const before = window.target;
    const more = window.grow(Math.min(this.streamWindowBytes, before + room));
    this.grownBytes += window.target - before;
    if (more > 0) writeWindowUpdate(this.out, stream.id, more);
  }

  /** The stream has ended. */
  protected closeWindow(stream: S): void {
    if (stream.receiveWindow !== undefined) this.grownBytes -= stream.receiveWindow.target - STREAM_WINDOW_BYTES;
  }

  protected returnToConnection(size: number): void {
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

  /** The answer to `BDP_PING` has come. */
  protected onBandwidthMeasured(): void {
    const size = this.bdp.end(this.clock.now());
    if (size > 0) this.growWindows(size);
  }

  private growWindows(size: number): void {
    this.streamWindowBytes = size;
    const increment = this.connectionWindow.grow(size);
    if (increment > 0) writeWindowUpdate(this.out, 0, increment);
    for (const stream of this.streams.toArray()) {
      if (stream.receiveWindow !== undefined && !stream.remoteClosed) this.growWindow(stream, stream.receiveWindow);
    }
  }

  abstract beforeWrite(): void;
}
