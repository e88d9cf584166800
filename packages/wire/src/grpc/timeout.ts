import { MAX_TIMEOUT_MS } from '@breakwater/core';

const ZERO = 48;
const MAX_DIGITS = 8;
const FIRST_UNIT = 'H'.charCodeAt(0);
/** ms of a unit, by its letter's distance from `H`; 0 where there is none. */
const UNIT_MS: readonly number[] = Array.from({ length: 46 }, (_, distance) => {
  const unit = String.fromCharCode(FIRST_UNIT + distance);
  return { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 0.001, n: 0.000_001 }[unit] ?? 0;
});

/** The value of `grpc-timeout`: whole ms, at least one, at most 24 hours. @see gRPC PROTOCOL-HTTP2 */
export const formatTimeout = (leftMs: number): string =>
  `${Math.max(1, Math.ceil(leftMs < MAX_TIMEOUT_MS ? leftMs : MAX_TIMEOUT_MS))}m`;

/** The ms of a `grpc-timeout`, at most 24 hours; undefined when it is malformed. */
export function parseTimeout(text: string): number | undefined {
  const digits = text.length - 1;
  const unit = UNIT_MS[text.charCodeAt(digits) - FIRST_UNIT];
  if (unit === undefined || unit === 0 || digits < 1 || digits > MAX_DIGITS) return undefined;
  let value = 0;
  for (let index = 0; index < digits; index++) {
    const digit = text.charCodeAt(index) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return Math.min(value * unit, MAX_TIMEOUT_MS);
}
