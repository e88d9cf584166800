import { MAX_TIMEOUT_MS } from '@breakwater/core';

const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};
const TIMEOUT = /^(\d{1,8})([HMSmun])$/;

/** The value of `grpc-timeout`: whole ms, at least one, at most 24 hours. @see gRPC PROTOCOL-HTTP2 */
export const formatTimeout = (leftMs: number): string =>
  `${Math.max(1, Math.ceil(leftMs < MAX_TIMEOUT_MS ? leftMs : MAX_TIMEOUT_MS))}m`;

/** The ms of a `grpc-timeout`, at most 24 hours; undefined when it is malformed. */
export function parseTimeout(text: string): number | undefined {
  const match = TIMEOUT.exec(text);
  if (match === null) return undefined;
  return Math.min(Number(match[1]) * (UNIT_MS[match[2] as string] as number), MAX_TIMEOUT_MS);
}
