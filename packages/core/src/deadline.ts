/** No call lasts longer: `grpc-timeout` has eight digits, and some peers overflow far below that. 24 hours, in ms. */
export const MAX_TIMEOUT_MS = 24 * 60 * 60 * 1000;

/** The instant `timeoutMs` after `now`, capped at 24 h so that no peer's arithmetic overflows; `Infinity` stays. */
export const deadlineAfter = (now: number, timeoutMs: number): number =>
  timeoutMs === Number.POSITIVE_INFINITY ? timeoutMs : now + Math.min(timeoutMs, MAX_TIMEOUT_MS);
