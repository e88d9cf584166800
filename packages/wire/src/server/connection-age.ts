import type { Clock, Random, Timer } from '@breakwater/core';
import type { ServerLimits } from '@breakwater/rpc';
import type { ServerSession } from '../http2/server-session.js';

const JITTER = 0.1;

/**
 * Sends clients away that have been connected for long, or have not called for long, so that load moves when servers come
 * and go. @see gRFC A9
 */
export class ConnectionAge {
  private age: Timer | undefined;
  private grace: Timer | undefined;
  private idle: Timer | undefined;

  constructor(
    private readonly session: ServerSession,
    private readonly limits: ServerLimits,
    private readonly clock: Clock,
    random: Random,
  ) {
    const { maxConnectionAgeMs } = limits;
    if (maxConnectionAgeMs !== Number.POSITIVE_INFINITY) {
      const spread = 1 - JITTER + 2 * JITTER * random.next();
      this.age = clock.setTimer(maxConnectionAgeMs * spread, () => this.onAge(), { ref: false });
    }
    this.onIdleChange(true);
  }

  onIdleChange(idle: boolean): void {
    const { maxConnectionIdleMs } = this.limits;
    if (maxConnectionIdleMs === Number.POSITIVE_INFINITY) return;
    this.idle?.cancel();
    this.idle = idle
      ? this.clock.setTimer(maxConnectionIdleMs, () => this.session.drain('max_idle'), { ref: false })
      : undefined;
  }

  stop(): void {
    this.age?.cancel();
    this.grace?.cancel();
    this.idle?.cancel();
  }

  private onAge(): void {
    this.session.drain('max_age');
    const { maxConnectionAgeGraceMs } = this.limits;
    if (maxConnectionAgeGraceMs === Number.POSITIVE_INFINITY) return;
    this.grace = this.clock.setTimer(
      maxConnectionAgeGraceMs,
      () => this.session.close('max_age, and its calls were not over within the grace'),
      { ref: false },
    );
  }
}
