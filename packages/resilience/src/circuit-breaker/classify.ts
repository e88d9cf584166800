import { Code, isCallerCode, type Call, type Outcome } from '@breakwater/core';
import type { Verdict } from './circuit-breaker.js';

/** What an outcome says about the target's health. */
export type Classify = (outcome: Outcome, call: Call) => Verdict;

/**
 * The default classification.
 * - Decided in this process (`origin` local): ignored, it says nothing about the target.
 * - CANCELLED: ignored, the caller lost interest.
 * - Caller errors (INVALID_ARGUMENT, NOT_FOUND, ...): success. The target answered, and blamed the request.
 * - RESOURCE_EXHAUSTED: ignored. A target that sheds protects itself and serves what it admits; opening on top of that
 *   would turn graceful shedding into an outage, and a quota is the caller's affair.
 * - reason `DRAINING`: ignored. An instance leaves in good order; the others are fine.
 * - DATA_LOSS: ignored. Only applications give it, so the target runs; what it has lost, no pause brings back.
 * - Everything else (UNAVAILABLE, DEADLINE_EXCEEDED, INTERNAL, UNKNOWN): failure.
 *
 * @see grpc doc/statuscodes.md, the codes that the library never generates
 */
export const classifyOutcome: Classify = (outcome) => {
  if (outcome.ok) return 'success';
  const { code, origin, reason } = outcome.status;
  if (origin === 'local' || reason === 'DRAINING' || IGNORED.has(code)) return 'ignored';
  return isCallerCode(code) ? 'success' : 'failure';
};

const IGNORED: ReadonlySet<Code> = new Set([Code.CANCELLED, Code.RESOURCE_EXHAUSTED, Code.DATA_LOSS]);
