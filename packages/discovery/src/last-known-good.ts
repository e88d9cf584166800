import type { Status } from '@breakwater/core';
import { eligible } from './eligible.js';
import type { Endpoint, EndpointSet } from './endpoint.js';
import { MassLossGuard } from './mass-loss-guard.js';

/**
 * Turns a registry's answers and failures into what its watchers should believe.
 * An answer is believed through the mass-loss guard; a failure after an answer with somebody in it keeps that answer
 * and marks it stale; a failure before there is one says why nobody is there. No clock, no I/O.
 */
export class LastKnownGood {
  private readonly guard: MassLossGuard;
  private whyEmpty: Status | undefined;
  private failed: Status | undefined;

  constructor(suspectTtlMs?: number) {
    this.guard = new MassLossGuard(suspectTtlMs);
  }

  /** @param whyEmpty told to callers while nobody is eligible @param now monotonic ms */
  answer(found: readonly Endpoint[], whyEmpty: Status, now: number): EndpointSet {
    this.whyEmpty = whyEmpty;
    this.failed = undefined;
    return this.believe(this.guard.update(found, now));
  }

  /** @param why told to callers while nobody is eligible @param now monotonic ms */
  failure(why: Status, now: number): EndpointSet {
    this.failed = why;
    return this.believe(this.guard.expire(now));
  }

  /** What to believe at `now`, when time has passed and nothing was heard. */
  at(now: number): EndpointSet {
    return this.believe(this.guard.expire(now));
  }

  /** Instant from which `at` may answer otherwise; undefined while it will not. */
  get nextChange(): number | undefined {
    return this.guard.nextExpiry;
  }

  private believe(endpoints: readonly Endpoint[]): EndpointSet {
    const stale = this.failed !== undefined && this.whyEmpty !== undefined;
    if (eligible(endpoints).length > 0) return { endpoints, stale };
    return { endpoints, stale, unavailable: this.failed ?? this.whyEmpty };
  }
}
