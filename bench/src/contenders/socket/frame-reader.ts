import { HEAD_BYTES } from './frame-writer.js';

/** The message is `bytes[start, end)`, to be read before returning. */
export type OnFrame = (id: number, kind: number, bytes: Buffer, start: number, end: number) => void;

/** Cuts what a socket delivers into frames. */
export class FrameReader {
  private chunks: Buffer[] = [];
  private held = 0;
  private wanted = 4;

  constructor(private readonly onFrame: OnFrame) {}

  feed(chunk: Buffer): void {
    if (this.held === 0) return this.cut(chunk);
    this.chunks.push(chunk);
    this.held += chunk.length;
    // Joined once, when the frame is complete: large messages come in many chunks.
    if (this.held < this.wanted) return;
    const joined = Buffer.concat(this.chunks);
    this.chunks = [];
    this.held = 0;
    this.cut(joined);
  }

  private cut(bytes: Buffer): void {
    let at = 0;
    while (bytes.length - at >= HEAD_BYTES) {
      const end = at + 4 + bytes.readUInt32BE(at);
      if (end > bytes.length) {
        this.wanted = end - at;
        break;
      }
      this.onFrame(bytes.readUInt32BE(at + 4), bytes.readUInt8(at + 8), bytes, at + HEAD_BYTES, end);
      at = end;
    }
    if (at === bytes.length) return;
    if (bytes.length - at < HEAD_BYTES) this.wanted = HEAD_BYTES;
    this.chunks = [at === 0 ? bytes : bytes.subarray(at)];
    this.held = bytes.length - at;
  }
}
