import { LatePayload } from './late-payload.js';
import { AbuseBudget } from './abuse-budget.js';
import { ConnectionError, ErrorCode } from './error-code.js';
import { writeReset } from './frame-writer.js';
import { DEFAULT_MAX_FRAME_BYTES, DEFAULT_WINDOW_BYTES, MAX_WINDOW_BYTES } from './frame.js';
import { ReceiveFlow, type SessionOptions, STREAM_WINDOW_BYTES } from './receive-flow.js';
import { RecentlyClosed } from './recently-closed.js';
import { SendRotation, type SendingSession } from './send-rotation.js';
import type { Stream } from './stream.js';

/** The open streams of a session: what they may send, how they end, and what is remembered of those that did. */
export abstract class SessionStreams<S extends Stream> extends ReceiveFlow<S> implements SendingSession {
  sendWindow = DEFAULT_WINDOW_BYTES;
  /** Frames of headers and payload that have been written. */
  framesSent = 0;
  protected readonly abuse: AbuseBudget;
  protected readonly rotation: SendRotation;
  protected readonly late = new LatePayload();
  private readonly closedStreams = new RecentlyClosed();

  protected constructor(options: SessionOptions) {
    super(options);
    this.abuse = new AbuseBudget(() => options.clock.now());
    this.rotation = new SendRotation(this);
  }

  get peerMaxFrame(): number {
    // Larger frames would only make streams wait for each other.
    return DEFAULT_MAX_FRAME_BYTES;
  }

  /** Payload that cannot leave at once: it waits for its turn. It must not change any more. */
  enqueue(stream: S, payload: Buffer): void {
    this.keepQueued(payload.length);
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

  protected remove(stream: S, resetHere = false): void {
    if (stream.gone) return;
    stream.gone = true;
    this.dropQueue(stream);
    this.closeWindow(stream);
    this.streams.remove(stream);
    this.closedStreams.add(stream.id, resetHere);
    if (resetHere && !stream.remoteClosed) this.expectLate(stream.receiveWindow?.left ?? STREAM_WINDOW_BYTES);
    this.onStreamRemoved(stream);
  }

  private expectLate(windowBytes: number): void {
    this.late.expect(windowBytes, this.connectionWindow.target);
  }

  protected dropQueue(stream: S): void {
    if (stream.queuedBytes === 0) return;
    const { queuedBytes } = stream;
    stream.queue = undefined;
    stream.gathered = undefined;
    stream.queuedBytes = 0;
    this.letGo(queuedBytes);
  }

  /** The peer has changed the window that streams begin with. @throws ConnectionError when one overflows */
  protected moveSendWindows(change: number): void {
    for (const stream of this.streams.toArray()) {
      stream.sendWindow += change;
      if (stream.sendWindow > MAX_WINDOW_BYTES) {
        throw new ConnectionError(ErrorCode.flowControlError, 'SETTINGS_INITIAL_WINDOW_SIZE made a window overflow');
      }
      if (stream.queuedBytes > 0 && stream.sendWindow > 0) this.rotation.enter(stream);
    }
  }

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

  protected abstract onStreamRemoved(stream: S): void;
}
