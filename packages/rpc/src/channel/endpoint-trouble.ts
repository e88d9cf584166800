import type { Clock, Outcome } from '@breakwater/core';
import { Code } from '@breakwater/core';

/** Failures in a row that make an endpoint suspicious. */
const TROUBLED_AFTER = 3;
/** How long it is then left out while others are there: doubled each time it fails again, up to the maximum. */
const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;

/**
 * Evidence of the calls against one endpoint. A peer that hangs (stopped, partitioned, out of memory) keeps its
 * connection READY for minutes; that its calls pass their deadlines is seen at once. Three in a row that timed out or
 * lost their connection, with no answer in between, take it out of the picks for a while; any answer brings it back.
 */
export class EndpointTrouble {
  private failuresInRow = 0;
  private pauseMs = FIRST_PAUSE_MS;
  private until = Number.NEGATIVE_INFINITY;

  /** @returns whether the endpoint has just become troubled */
  record(outcome: Outcome, clock: Clock): boolean {
    if (!isNoAnswer(outcome)) {
      this.failuresInRow = 0;
      this.pauseMs = FIRST_PAUSE_MS;
      this.until = Number.NEGATIVE_INFINITY;
      return false;
    }
    this.failuresInRow += 1;
    if (this.failuresInRow < TROUBLED_AFTER) return false;
    const instant = clock.now();
    if (instant < this.until) return false;
    this.until = instant + this.pauseMs;
    this.pauseMs = Math.min(MAX_PAUSE_MS, this.pauseMs * 2);
    return true;
  }

  /** Instant at which the endpoint may be picked again; in the past when it is not troubled. */
  get troubledUntil(): number {
    return this.until;
  }
}

function isNoAnswer(outcome: Outcome): boolean {
  if (outcome.ok || outcome.status.origin !== 'remote') return false;
  const { code, reason } = outcome.status;
  return (
    (code === Code.DEADLINE_EXCEEDED && reason !== undefined) ||
    reason === 'CONNECTION_LOST' ||
    reason === 'IDLE_TIMEOUT'
  );
}
