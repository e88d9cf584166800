/** PINGs in a row that come too early before the peer is sent away. */
const STRIKES = 2;
/** Without calls a peer has little reason to ask. */
const WITHOUT_STREAMS_MS = 2 * 60 * 60 * 1000;

/**
 * Whether a client PINGs more often than it may. Answering a call clears its record, so that measuring the bandwidth while
 * payload flows is allowed. Holds no clock.
 * @see gRFC A8, server enforcement
 */
export class PingPolicy {
  private lastAt = Number.NEGATIVE_INFINITY;
  private strikes = 0;
  private framesSent = 0;

  /** @param minIntervalMs between two PINGs while there are streams */
  constructor(private readonly minIntervalMs: number) {}

  /**
   * @param now ms
   * @param framesSent headers and payload that have been sent so far
   * @returns false when the peer has to go
   */
  onPing(now: number, hasStreams: boolean, framesSent: number): boolean {
    if (framesSent !== this.framesSent) {
      this.framesSent = framesSent;
      this.strikes = 0;
      this.lastAt = now;
      return true;
    }
    const needed = hasStreams ? this.minIntervalMs : Math.max(this.minIntervalMs, WITHOUT_STREAMS_MS);
    if (now - this.lastAt < needed) this.strikes += 1;
    this.lastAt = now;
    return this.strikes <= STRIKES;
  }
}
