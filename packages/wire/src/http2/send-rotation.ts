import { Flag, FrameType } from './frame.js';
import { writeFrameHeader } from './frame-writer.js';
import type { Output } from './output.js';
import type { Stream } from './stream.js';

/** Payload that is passed on by reference rather than copied into the slab. */
const REFERENCE_FROM_BYTES = 4096;
/** Payload below this shares its buffer while it waits: one of its own takes more memory than the payload. */
const SMALL_BYTES = 512;
/** Smaller than what is passed on by reference: it is still written when its beginning leaves. */
const GATHERED_BYTES = 2048;
/** What is written in one go while other connections wait for their turn. */
const TURN_BYTES = 512 * 1024;

/** Places that are looked through for streams that are gone, at first. */
const LOOK_FROM_PLACES = 1024;

/** What the rotation needs of its session. */
export interface SendingSession {
  readonly out: Output;
  sendWindow: number;
  readonly peerMaxFrame: number;
  /** Payload has left the memory of this process. */
  letGo(byteCount: number): void;
  onFrameSent(): void;
  /** All that the stream had to send has been written. */
  onTailWritten(stream: Stream): void;
}

/** Streams with payload that did not leave at once take turns, one frame each, so that a large message holds nobody up. */
export class SendRotation {
  private streams: Stream[] = [];
  private head = 0;
  /** With so many places, those of streams that are gone are given up: no turn may come for long. */
  private lookAtPlaces = LOOK_FROM_PLACES;

  constructor(private readonly session: SendingSession) {}

  get idle(): boolean {
    return this.head === this.streams.length;
  }

  /** Appends payload, which must not change any more. */
  enqueue(stream: Stream, payload: Buffer): void {
    if (payload.length < SMALL_BYTES) gather(stream, payload);
    else {
      (stream.queue ??= []).push(payload);
      stream.gathered = undefined;
    }
    stream.queuedBytes += payload.length;
    this.enter(stream);
  }

  /** The stream sends nothing behind its queue but `tail`, which needs no window: it leaves at once when the queue is empty. */
  finish(stream: Stream, tail: 'end' | 'trailers'): void {
    stream.tail = tail;
    if (stream.queuedBytes === 0 && !stream.gone) this.writeTail(stream);
  }

  /** The stream has payload and can send again. */
  enter(stream: Stream): void {
    if (stream.inRotation || stream.gone) return;
    stream.inRotation = true;
    if (this.streams.push(stream) >= this.lookAtPlaces) this.forgetGone();
  }

  private forgetGone(): void {
    this.streams = this.streams.slice(this.head).filter((stream) => !stream.gone);
    this.head = 0;
    this.lookAtPlaces = Math.max(LOOK_FROM_PLACES, this.streams.length * 2);
  }

  /** Writes as much as windows, socket and fairness allow. @returns whether more could be written in a later turn */
  pump(): boolean {
    const { session } = this;
    let written = 0;
    // A stream stays in the rotation only if it has written, and can write more: this ends.
    while (!this.idle && written < TURN_BYTES && session.sendWindow > 0) {
      const stream = this.take();
      if (stream.gone) continue;
      written += this.writeFrame(stream);
      if (stream.queuedBytes > 0 && stream.sendWindow > 0) this.enter(stream);
    }
    return !this.idle && session.sendWindow > 0 && written >= TURN_BYTES;
  }

  private take(): Stream {
    const stream = this.streams[this.head] as Stream;
    this.head += 1;
    if (this.head === this.streams.length) {
      this.streams = [];
      this.head = 0;
    } else if (this.head > 1024) {
      this.streams = this.streams.slice(this.head);
      this.head = 0;
    }
    stream.inRotation = false;
    return stream;
  }

  /** @returns payload bytes written */
  private writeFrame(stream: Stream): number {
    const { session } = this;
    const room = Math.min(stream.sendWindow, session.sendWindow, session.peerMaxFrame, stream.queuedBytes);
    if (room <= 0) return 0;
    const ends = room === stream.queuedBytes && stream.tail === 'end';
    writeFrameHeader(session.out, room, FrameType.data, ends ? Flag.endStream : 0, stream.id);
    this.writePayload(stream, room);
    stream.sendWindow -= room;
    session.sendWindow -= room;
    session.onFrameSent();
    session.letGo(room);
    stream.onWritten(room);
    if (ends) session.onTailWritten(stream);
    else if (stream.tail === 'trailers' && stream.queuedBytes === 0 && !stream.gone) stream.writeTrailers();
    return room;
  }

  private writeTail(stream: Stream): void {
    if (stream.tail === 'trailers') return stream.writeTrailers();
    writeFrameHeader(this.session.out, 0, FrameType.data, Flag.endStream, stream.id);
    this.session.onTailWritten(stream);
  }

  private writePayload(stream: Stream, byteCount: number): void {
    const { out } = this.session;
    const queue = stream.queue as Buffer[];
    let left = byteCount;
    stream.queuedBytes -= byteCount;
    while (left > 0) {
      const first = queue[0] as Buffer;
      const taken = Math.min(left, first.length - stream.queueOffset);
      const from = stream.queueOffset;
      if (taken >= REFERENCE_FROM_BYTES) out.reference(first.subarray(from, from + taken));
      else {
        out.reserve(taken);
        first.copy(out.bytes, out.pos, from, from + taken);
        out.pos += taken;
      }
      left -= taken;
      stream.queueOffset += taken;
      if (stream.queueOffset === first.length) {
        queue.shift();
        stream.queueOffset = 0;
        if (queue.length === 0) stream.gathered = undefined;
      }
    }
  }
}

/** Puts small payload at the end of the queue, into one buffer with the small payload before it. */
function gather(stream: Stream, payload: Buffer): void {
  const queue = (stream.queue ??= []);
  const last = queue.at(-1);
  const together = (last?.length ?? 0) + payload.length;
  if (
    last === undefined ||
    together > GATHERED_BYTES ||
    (stream.gathered === undefined && last.length >= SMALL_BYTES)
  ) {
    queue.push(payload);
    stream.gathered = undefined;
    return;
  }
  if (stream.gathered === undefined) {
    stream.gathered = Buffer.allocUnsafeSlow(GATHERED_BYTES);
    last.copy(stream.gathered);
  }
  payload.copy(stream.gathered, last.length);
  queue[queue.length - 1] = stream.gathered.subarray(0, together);
}
