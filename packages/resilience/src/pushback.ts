import type { Metadata } from '@breakwater/core';

/** Trailer by which a server says when to try again, or, with a negative number, that nobody should. @see gRFC A6 */
export const PUSHBACK_KEY = 'grpc-retry-pushback-ms';

/** Request header of attempts after the first: how many came before. @see gRFC A6 */
export const PREVIOUS_ATTEMPTS_KEY = 'grpc-previous-rpc-attempts';

/** What `parsePushback` gives for "do not try again". */
export const DO_NOT_RETRY = -1;

const INT32_MAX = 2 ** 31 - 1;

/**
 * Reads the value of `grpc-retry-pushback-ms`.
 * @returns whole ms to wait, or `DO_NOT_RETRY` for anything that is not a decimal int32 of at least zero: a server that
 * says something unreadable about retries is not to be hit again (A6)
 */
export function parsePushback(text: string): number {
  if (!/^\d{1,10}$/.test(text)) return DO_NOT_RETRY;
  const ms = Number(text);
  return ms <= INT32_MAX ? ms : DO_NOT_RETRY;
}

/** The pushback in `trailers`: undefined when there is none, `DO_NOT_RETRY` also when it is given more than once. */
export function readPushback(trailers: Metadata): number | undefined {
  const values = trailers.getAll(PUSHBACK_KEY);
  const [value] = values;
  if (value === undefined) return undefined;
  return values.length === 1 && typeof value === 'string' ? parsePushback(value) : DO_NOT_RETRY;
}

/** The trailer value that asks callers to wait `retryAfterMs` (rounded up), or not to try again when it is negative. */
export const formatPushback = (retryAfterMs: number): string =>
  retryAfterMs < 0 ? String(DO_NOT_RETRY) : String(Math.min(Math.ceil(retryAfterMs), INT32_MAX));
