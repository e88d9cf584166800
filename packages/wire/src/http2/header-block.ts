import { ConnectionError, ErrorCode } from './error-code.js';
import { DEFAULT_MAX_FRAME_BYTES } from './frame.js';

/** Frames that one block may come in beyond what its bytes explain. */
const MAX_FRAMES = 64;

/** Puts a header block together that came in HEADERS and CONTINUATION frames. Bounded in bytes and in frames. */
export class HeaderBlock {
  /** The stream whose block is under way; 0 when there is none. */
  streamId = 0;
  endStream = false;
  /** What is wrong with its first frame, if anything. */
  malformed: string | undefined;
  private readonly parts: Buffer[] = [];
  private byteCount = 0;

  /** @param maxBytes of a whole block, compressed */
  constructor(private readonly maxBytes: number) {}

  begin(streamId: number, endStream: boolean, malformed: string | undefined, fragment: Buffer): void {
    this.streamId = streamId;
    this.endStream = endStream;
    this.malformed = malformed;
    this.parts.length = 0;
    this.byteCount = 0;
    this.add(fragment);
  }

  /** @throws ConnectionError ENHANCE_YOUR_CALM for a block without end */
  add(fragment: Buffer): void {
    this.byteCount += fragment.length;
    this.parts.push(fragment);
    const maxFrames = MAX_FRAMES + this.byteCount / DEFAULT_MAX_FRAME_BYTES;
    if (this.byteCount > this.maxBytes || this.parts.length > maxFrames) {
      throw new ConnectionError(
        ErrorCode.enhanceYourCalm,
        `a header block of ${this.byteCount} bytes in ${this.parts.length} frames is over the limit of ${this.maxBytes} bytes and ${Math.floor(maxFrames)} frames`,
      );
    }
  }

  /** The whole block; the next may begin. */
  finish(): Buffer {
    const block = Buffer.concat(this.parts);
    this.parts.length = 0;
    this.streamId = 0;
    return block;
  }
}
