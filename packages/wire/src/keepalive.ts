import type { Clock, Timer } from '@breakwater/core';

/** What keepalive needs of a session, of either side. */
export interface LivingSession {
  readonly ended: boolean;
  /** Bytes read so far. */
  readonly received: number;
  /** Calls on it. */
  readonly load: number;
  ping(onPong: () => void): void;
  abandon(why: string): void;
}

export interface KeepaliveOptions {
  readonly timeMs: number;
  readonly timeoutMs: number;
  /** Asks also while there are no calls. */
  readonly whenIdle: boolean;
}

/**
 * Finds a peer that has gone without a word: PING after `timeMs` without a sign of life (twice that at the
 * most), the end of the session when nothing comes for `timeoutMs` after it. Looks once per period instead of moving a
 * timer per frame.
 * @see gRFC A8
 */
export class Keepalive {
  private timer: Timer;
  private received: number;

  constructor(
    private readonly session: LivingSession,
    private readonly options: KeepaliveOptions,
    private readonly clock: Clock,
  ) {
    this.received = session.received;
    this.timer = this.wait();
  }

  stop(): void {
    this.timer.cancel();
  }

  private wait(): Timer {
    return this.clock.setTimer(this.options.timeMs, () => this.look(), { ref: false });
  }

  private look(): void {
    const { session } = this;
    if (session.ended) return;
    if (session.received !== this.received || (session.load === 0 && !this.options.whenIdle)) {
      this.received = session.received;
      this.timer = this.wait();
      return;
    }
    session.ping(() => {});
    this.timer = this.clock.setTimer(this.options.timeoutMs, () => this.judge(), { ref: false });
  }

  private judge(): void {
    const { session } = this;
    if (session.ended) return;
    if (session.received === this.received) {
      session.abandon(`no answer to a PING within ${this.options.timeoutMs} ms`);
      return;
    }
    this.received = session.received;
    this.timer = this.wait();
  }
}
