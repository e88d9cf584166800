import { Flag, FrameType } from '../frame.js';
import { writeFrameHeader } from '../frame-writer.js';
import type { Session } from '../session.js';
import type { Stream } from '../stream.js';

/** What has happened to a stream of a test, and what its reader does with payload. */
export class Recorder {
  /** Everything but payload, in order. */
  readonly log: string[] = [];
  /** False: payload waits in memory, as for a reader that is slow. */
  reading = true;
  /** Payload that waits. */
  waiting = 0;
  private readonly parts: Buffer[] = [];

  get received(): Buffer {
    return Buffer.concat(this.parts);
  }

  onData<S extends Stream>(session: Session<S>, stream: S, payload: Buffer): void {
    if (payload.length === 0) return;
    // A copy: that the memory is not written again is for the tests of the frame reader.
    this.parts.push(Buffer.from(payload));
    if (this.reading) {
      session.consume(stream, payload.length);
      return;
    }
    session.hold(payload.length);
    session.keepUnread(payload.length);
    this.waiting += payload.length;
  }

  /** The reader takes what waits. */
  read<S extends Stream>(session: Session<S>, stream: S, byteCount = this.waiting): void {
    if (byteCount === 0) return;
    this.forget(session, byteCount);
    session.consume(stream, byteCount);
  }

  /** The stream is over: nobody reads what waits. */
  drop<S extends Stream>(session: Session<S>): void {
    if (this.waiting > 0) this.forget(session, this.waiting);
  }

  private forget<S extends Stream>(session: Session<S>, byteCount: number): void {
    this.waiting -= byteCount;
    session.release(byteCount);
    session.onRead(byteCount);
  }
}

/** Sends payload at once when all of it fits, and in turns otherwise. */
export function sendPayload<S extends Stream>(session: Session<S>, stream: S, payload: Buffer, ends = false): void {
  const { out } = session;
  if (!session.canWrite(stream, payload.length)) {
    if (ends) stream.tail = 'end';
    session.enqueue(stream, Buffer.from(payload));
    return;
  }
  writeFrameHeader(out, payload.length, FrameType.data, ends ? Flag.endStream : 0, stream.id);
  payload.copy(out.bytes, out.pos);
  out.pos += payload.length;
  stream.sendWindow -= payload.length;
  session.sendWindow -= payload.length;
  session.onFrameSent();
  if (ends) session.localEnd(stream);
  out.schedule();
}
