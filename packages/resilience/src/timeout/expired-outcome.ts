import { fail, type Failure, type Outcome, type Status } from '@breakwater/core';

/**
 * How a stream ended that a timeout had cancelled. Also when the far side finished it in the same moment: messages were
 * dropped from the timeout on, and a stream with a hole must not pass for a whole one.
 */
export const expiredOutcome = (outcome: Outcome, status: Status): Failure =>
  outcome.ok ? { ...fail(status, 'unknown', outcome.trailers), peer: outcome.peer } : { ...outcome, status };
