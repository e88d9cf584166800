/** Windows are never grown above this. */
export const MAX_GROWN_WINDOW_BYTES = 16 * 1024 * 1024;

/**
 * Estimates the bandwidth-delay product of a connection: what arrives between a PING and its answer. When that comes near
 * the window, the window is what limits the peer, and it is doubled. Holds no clock: the caller passes the time.
 * @see the BDP estimator of gRPC's core and Go implementations
 */
export class BdpEstimator {
  private sampling = false;
  private sampleBytes = 0;
  private sinceLast = 0;
  private startedAt = 0;
  private bestRate = 0;

  constructor(private window: number) {}

  /** Counts received bytes. @returns whether a PING is to be sent now to begin a sample */
  received(byteCount: number): boolean {
    if (this.sampling) {
      this.sampleBytes += byteCount;
      return false;
    }
    this.sinceLast += byteCount;
    return this.sinceLast * 4 >= this.window && this.window < MAX_GROWN_WINDOW_BYTES;
  }

  /** The PING is on its way. @param now ms */
  begin(now: number): void {
    this.sampling = true;
    this.sampleBytes = 0;
    this.sinceLast = 0;
    this.startedAt = now;
  }

  /** The PING was answered. @param now ms @returns the window to have from now on, or 0 for no change */
  end(now: number): number {
    if (!this.sampling) return 0;
    this.sampling = false;
    const rate = this.sampleBytes / Math.max(now - this.startedAt, 0.001);
    // Two thirds of the window in one round trip, faster than ever before: it was the window that held the peer up.
    if (this.sampleBytes * 3 < this.window * 2 || rate <= this.bestRate) return 0;
    this.bestRate = rate;
    this.window = Math.min(MAX_GROWN_WINDOW_BYTES, Math.max(this.window, this.sampleBytes) * 2);
    return this.window;
  }
}
