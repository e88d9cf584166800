import type { Clock, Status, Timer } from '@breakwater/core';
import type { Endpoint, EndpointSet } from './endpoint.js';
import type { LastKnownGood } from './last-known-good.js';

/**
 * Passes a registry's answers and failures through the last-known-good rule to a watch, and speaks again when a suspect's
 * time is over. The half of a watch source that registries share.
 */
export class BelievingSource {
  private timer: Timer | undefined;
  private closed = false;

  constructor(
    private readonly belief: LastKnownGood,
    private readonly clock: Clock,
    private readonly publish: (set: EndpointSet) => void,
  ) {}

  /**
   * See `LastKnownGood.answer`.
   * @param staleBecause given when the answer is known to be old and believed only for want of a better one
   */
  answer(found: readonly Endpoint[], whyEmpty: Status, staleBecause?: Status): void {
    if (this.closed) return;
    const now = this.clock.now();
    const set = this.belief.answer(found, whyEmpty, now);
    this.tell(staleBecause === undefined ? set : this.belief.failure(staleBecause, now));
  }

  /** See `LastKnownGood.failure`. */
  failure(why: Status): void {
    if (!this.closed) this.tell(this.belief.failure(why, this.clock.now()));
  }

  /** Publishes nothing afterwards and owns no timer. */
  close(): void {
    this.closed = true;
    this.timer?.cancel();
  }

  private tell(set: EndpointSet): void {
    this.timer?.cancel();
    const next = this.belief.nextChange;
    this.timer =
      next === undefined
        ? undefined
        : this.clock.setTimer(Math.max(0, next - this.clock.now()), () => this.tell(this.belief.at(this.clock.now())), {
            ref: false,
          });
    this.publish(set);
  }
}
