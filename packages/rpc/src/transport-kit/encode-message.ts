import type { Status } from '@breakwater/core';
import type { Method } from '../method/method.js';
import { encodeFailed, messageTooLarge } from './failures.js';
import { toBuffer } from './to-buffer.js';

/**
 * The bytes of a request, or why it cannot be sent: ENCODE_FAILED, MESSAGE_TOO_LARGE.
 * @param limitBytes `limits.maxSendMessageBytes` of the client
 */
export function encodeRequest(method: Method, message: unknown, limitBytes: number): Buffer | Status {
  let bytes: Buffer;
  try {
    bytes = toBuffer(method.encodeRequest(message));
  } catch (error) {
    return encodeFailed(`the request of ${method.path}`, error);
  }
  if (bytes.length <= limitBytes) return bytes;
  return messageTooLarge(`the request of ${method.path}`, bytes.length, 'limits.maxSendMessageBytes', limitBytes);
}

/** As `encodeRequest`, for a response. The limit is that of the server, and its caller is told so. */
export function encodeResponse(method: Method, message: unknown, limitBytes: number): Buffer | Status {
  let bytes: Buffer;
  try {
    bytes = toBuffer(method.encodeResponse(message));
  } catch (error) {
    return encodeFailed(`the response of ${method.path}`, error);
  }
  if (bytes.length <= limitBytes) return bytes;
  const limit = "the server's limits.maxSendMessageBytes";
  return messageTooLarge(`the response of ${method.path}`, bytes.length, limit, limitBytes);
}
