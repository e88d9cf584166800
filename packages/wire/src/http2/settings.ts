import { ConnectionError, ErrorCode } from './error-code.js';
import { readUint32 } from './frame-reader.js';
import { DEFAULT_MAX_FRAME_BYTES, DEFAULT_WINDOW_BYTES, MAX_WINDOW_BYTES, SettingId } from './frame.js';

const SETTING_BYTES = 6;
const LARGEST_FRAME = 2 ** 24 - 1;

/** What the peer has announced, with the defaults of RFC 9113 until it does. */
export class PeerSettings {
  headerTableSize = 4096;
  /** The lowest that `headerTableSize` was in the last frame: a decoder demands to hear of it. RFC 7541, section 4.2 */
  lowestTableSize = 4096;
  maxConcurrentStreams = Number.POSITIVE_INFINITY;
  initialWindowSize = DEFAULT_WINDOW_BYTES;
  maxFrameSize = DEFAULT_MAX_FRAME_BYTES;
  maxHeaderListSize = Number.POSITIVE_INFINITY;

  /**
   * Takes the payload of a SETTINGS frame, in its order. Unknown settings are ignored.
   * @param fromServer a server must not enable push
   * @throws ConnectionError for a length or a value that RFC 9113 forbids
   */
  apply(bytes: Buffer, start: number, end: number, fromServer: boolean): void {
    if ((end - start) % SETTING_BYTES !== 0) {
      throw new ConnectionError(ErrorCode.frameSizeError, `SETTINGS of ${end - start} bytes`);
    }
    this.lowestTableSize = this.headerTableSize;
    for (let at = start; at < end; at += SETTING_BYTES) {
      this.set(((bytes[at] as number) << 8) | (bytes[at + 1] as number), readUint32(bytes, at + 2), fromServer);
    }
  }

  private set(id: number, value: number, fromServer: boolean): void {
    switch (id) {
      case SettingId.headerTableSize:
        this.headerTableSize = value;
        this.lowestTableSize = Math.min(this.lowestTableSize, value);
        break;
      case SettingId.enablePush:
        if (value > 1 || (fromServer && value === 1)) throw illegal('ENABLE_PUSH', value);
        break;
      case SettingId.maxConcurrentStreams:
        this.maxConcurrentStreams = value;
        break;
      case SettingId.initialWindowSize:
        if (value > MAX_WINDOW_BYTES) {
          throw new ConnectionError(ErrorCode.flowControlError, `SETTINGS_INITIAL_WINDOW_SIZE is ${value}`);
        }
        this.initialWindowSize = value;
        break;
      case SettingId.maxFrameSize:
        if (value < DEFAULT_MAX_FRAME_BYTES || value > LARGEST_FRAME) throw illegal('MAX_FRAME_SIZE', value);
        this.maxFrameSize = value;
        break;
      case SettingId.maxHeaderListSize:
        this.maxHeaderListSize = value;
        break;
      default:
        break;
    }
  }
}

const illegal = (name: string, value: number): ConnectionError =>
  new ConnectionError(ErrorCode.protocolError, `SETTINGS_${name} is ${value}`);
