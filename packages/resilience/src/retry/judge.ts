import { Code, isIdempotent, type Failure, type Operation, type RetryRefusal } from '@breakwater/core';
import { readPushback } from '../pushback.js';

/** What is known when an attempt has failed. */
export interface FailedAttempt {
  readonly failure: Failure;
  readonly operation: Operation;
  /** Number of the failed attempt, from 1. */
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly retryableCodes: readonly Code[];
  /** Whether the caller has seen a part of the response, or the request can no longer be replayed. */
  readonly committed: boolean;
}

/**
 * `pushbackMs`: the server said when. `elsewhere`: an endpoint did not start the call, so that another may at once; a call
 * that found no endpoint at all is nothing to repeat at once.
 * `refusal` is undefined when the failure as such is none to retry.
 */
export type Judgement =
  | { readonly retry: true; readonly elsewhere: boolean; readonly pushbackMs: number | undefined }
  | { readonly retry: false; readonly refusal: RetryRefusal | undefined };

const NOT_RETRYABLE: Judgement = Object.freeze({ retry: false, refusal: undefined });
const refused = (refusal: RetryRefusal): Judgement => ({ retry: false, refusal });

/**
 * Whether a failed attempt may be repeated, time and budget aside.
 * Never when this process decided the failure; for a method with side effects only when the server provably did not start
 * the call. An attempt timeout needs no entry in `retryableCodes`: it is our own limit, not the target's answer.
 * @see gRFC A6; the idempotency gate is ours
 */
export function judge(failed: FailedAttempt): Judgement {
  const { failure, operation } = failed;
  const { status, sent } = failure;
  if (status.origin === 'local') return NOT_RETRYABLE;
  const attemptTimeout = status.code === Code.DEADLINE_EXCEEDED && status.reason === 'ATTEMPT_TIMEOUT';
  if (!attemptTimeout && !failed.retryableCodes.includes(status.code)) return NOT_RETRYABLE;
  if (failed.committed) return refused('committed');
  const unseen = sent !== 'unknown';
  if (!unseen && !isIdempotent(operation)) return refused('not_idempotent');
  // The transport may have read the trailer into the status already, or found a RetryInfo detail there.
  const pushbackMs = readPushback(failure.trailers) ?? status.retryAfterMs;
  if (pushbackMs !== undefined && !(pushbackMs >= 0)) return refused('pushback');
  if (failed.attempt >= failed.maxAttempts) return refused('attempts_exhausted');
  return { retry: true, elsewhere: unseen && failure.peer !== undefined, pushbackMs };
}
