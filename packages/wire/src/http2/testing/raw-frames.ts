import { FrameType } from '../frame.js';
import { frameBytes } from './frames.js';

/** SETTINGS as a peer would send them. */
export function settingsFrame(...pairs: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(pairs.length * 6);
  for (const [index, [id, value]] of pairs.entries()) {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  }
  return frameBytes({ type: FrameType.settings, flags: 0, streamId: 0, payload });
}

/** DATA, HEADERS or whatever of a stream. */
export const rawFrame = (type: number, streamId: number, payload: Buffer | string, flags = 0): Buffer =>
  frameBytes({ type, flags, streamId, payload: Buffer.from(payload) });

/** A frame whose payload is four bytes: RST_STREAM and WINDOW_UPDATE. */
export function rawFrame32(type: number, streamId: number, value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return frameBytes({ type, flags: 0, streamId, payload });
}
