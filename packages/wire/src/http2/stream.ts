import type { ReceiveWindow } from './receive-window.js';

/** What a stream writes when everything before it has left. */
export type Tail = 'none' | 'end' | 'trailers';

/**
 * One HTTP/2 stream of a session: its place in the flow control of both directions. Subclasses give it meaning; the session
 * calls their `on...` methods.
 */
export abstract class Stream {
  /** 0 until the session has opened it. */
  id = 0;
  /** Bytes that the peer still takes. */
  sendWindow = 0;
  /** Made when the first payload arrives that does not end the stream. */
  receiveWindow: ReceiveWindow | undefined = undefined;
  /** Payload that `content-length` still promises; -1 when it promises nothing. */
  promisedBytes = -1;
  /** The peer sends no more. */
  remoteClosed = false;
  /** This side sends no more, or will not after its queue. */
  localClosed = false;
  /** Removed from its session. */
  gone = false;
  /** Payload that waits for the window or the socket; consumed from `queueOffset` of the first buffer. */
  queue: Buffer[] | undefined = undefined;
  queueOffset = 0;
  queuedBytes = 0;
  /** Memory that the last buffer of the queue is a part of, with room for more small payload. */
  gathered: Buffer | undefined = undefined;
  tail: Tail = 'none';
  /** It is among the streams that take turns in writing. */
  inRotation = false;

  /** Payload of a DATA frame without its padding. */
  abstract onData(bytes: Buffer, start: number, end: number, endStream: boolean): void;
  /** The peer, or the session for a broken rule, has ended the stream. @param code `ErrorCode` @param why for people */
  abstract onReset(code: number, why: string, byPeer: boolean): void;
  /** The whole connection has ended. */
  abstract onConnectionLost(why: string): void;
  /** `byteCount` bytes have left the queue for the socket. */
  abstract onWritten(byteCount: number): void;
  /** Writes the trailers, whose turn has come, and ends the stream. Called when `tail` is `trailers`. */
  abstract writeTrailers(): void;
}
