import type { Call, Handler, Outcome } from './call.js';
import type { Code } from './code.js';
import type { Reason, Status } from './status.js';

/** Leave to proceed. A guard that needs to remember something until the outcome returns its own object with `admitted: true`. */
export interface Permit {
  readonly admitted: true;
}

/** Refused, and why. */
export interface Rejection {
  readonly admitted: false;
  readonly status: Status;
}

/** The permit of guards that remember nothing. */
export const ADMITTED: Permit = Object.freeze({ admitted: true });

/**
 * A synchronous policy. For every permit, `settle` is called exactly once when the call is over: with its outcome, or
 * with the rejection of a guard further in, or with INTERNAL when something threw. It must not throw.
 */
export interface Guard {
  readonly name: string;
  admit(call: Call): Permit | Rejection;
  settle?(call: Call, permit: Permit, outcome: Outcome): void;
}

/** A policy that may wait, repeat or replace: a handler in, a handler out. */
export type Around = (next: Handler) => Handler;

export type Policy = Guard | Around;

/** A refusal by a policy: origin `local`, so that nobody retries it or holds it against the target. */
export const rejection = (
  source: string,
  code: Code,
  reason: Reason,
  details: string,
  retryAfterMs?: number,
): Rejection => ({ admitted: false, status: { code, reason, details, origin: 'local', source, retryAfterMs } });
