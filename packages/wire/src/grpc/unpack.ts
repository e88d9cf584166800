import { Code, type Status } from '@breakwater/core';
import { decodeFailed } from '@breakwater/rpc/transport-kit';
import { decompress, isEncoding, UnpacksTooLarge } from './compression.js';

/**
 * A compressed message unpacked, or why it cannot be.
 * @param encoding of `grpc-encoding`; empty when there was none
 * @param who accepts no more, as in `the server`
 */
export function unpack(bytes: Buffer, encoding: string, limitBytes: number, who: string): Buffer | Status {
  if (encoding === '' || encoding === 'identity' || !isEncoding(encoding)) {
    const details = 'a message is marked as compressed, but grpc-encoding names no compression';
    return { code: Code.INTERNAL, origin: 'remote', details };
  }
  try {
    return decompress(bytes, encoding, limitBytes);
  } catch (error) {
    if (!(error instanceof UnpacksTooLarge)) return decodeFailed(`a ${encoding} message`, error);
    const details = `a message decompresses to more than the ${limitBytes} bytes that ${who} accepts (limits.maxReceiveMessageBytes)`;
    return { code: Code.RESOURCE_EXHAUSTED, origin: 'remote', reason: 'MESSAGE_TOO_LARGE', details };
  }
}
