import type { Origin, Status } from '@breakwater/core';
import { Code } from '@breakwater/core';

type What = 'request' | 'response';

/** @throws Status INTERNAL, reason ENCODE_FAILED */
export function encoding(what: What, encode: () => Uint8Array): Uint8Array {
  try {
    return encode();
  } catch (error) {
    throw broken('ENCODE_FAILED', `the ${what} message cannot be encoded`, what === 'request' ? 'local' : 'remote', error);
  }
}

/** @throws Status INTERNAL, reason DECODE_FAILED */
export function decoding(what: What, decode: () => unknown): unknown {
  try {
    return decode();
  } catch (error) {
    throw broken('DECODE_FAILED', `the ${what} message cannot be decoded`, 'remote', error);
  }
}

/** @throws Status RESOURCE_EXHAUSTED, reason MESSAGE_TOO_LARGE, naming the limit and the size */
export function tooLarge(what: What, bytes: Uint8Array, option: string, limit: number, origin: Origin): void {
  if (bytes.length <= limit) return;
  const status: Status = {
    code: Code.RESOURCE_EXHAUSTED,
    reason: 'MESSAGE_TOO_LARGE',
    details: `the ${what} message has ${bytes.length} bytes, above ${option} (${limit})`,
    origin,
  };
  // biome-ignore lint/style/useThrowOnlyError: expected failures are values here, and end as an outcome one frame up
  throw status;
}

function broken(reason: 'ENCODE_FAILED' | 'DECODE_FAILED', text: string, origin: Origin, error: unknown): Status {
  const why = error instanceof Error ? error.message : String(error);
  return { code: Code.INTERNAL, reason, details: `${text}: ${why}`, origin, cause: error };
}
