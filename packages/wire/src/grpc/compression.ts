import { constants, deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import type { Compression } from '@breakwater/rpc';

/** What this side takes, as `grpc-accept-encoding`. */
export const ACCEPTED_ENCODINGS = 'identity,deflate,gzip';

/** Whether `name` is an encoding that this side can read. */
export const isEncoding = (name: string): name is Compression =>
  name === 'identity' || name === 'gzip' || name === 'deflate';

/** Compresses one message. */
export const compress = (bytes: Uint8Array, encoding: Compression): Buffer =>
  encoding === 'gzip' ? gzipSync(bytes) : encoding === 'deflate' ? deflateSync(bytes) : Buffer.from(bytes);

/** A message that would unpack to more than is accepted. */
export class UnpacksTooLarge extends Error {
  override readonly name = 'UnpacksTooLarge';
}

/**
 * Unpacks one message; never allocates more than `limitBytes` for it.
 * @throws UnpacksTooLarge, or what zlib says of broken bytes
 */
export function decompress(bytes: Uint8Array, encoding: Compression, limitBytes: number): Buffer {
  const options = { maxOutputLength: Math.max(1, limitBytes), finishFlush: constants.Z_FINISH };
  try {
    return encoding === 'gzip' ? gunzipSync(bytes, options) : inflateSync(bytes, options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw new UnpacksTooLarge();
    throw error;
  }
}
