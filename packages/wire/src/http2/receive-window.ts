/**
 * What the peer may still send, for one stream or the connection. What has been consumed is given back in batches of half
 * a window, so that small messages cause no WINDOW_UPDATE of their own.
 */
export class ReceiveWindow {
  /** What the peer may still send. */
  private available: number;
  private consumed = 0;

  constructor(private size: number) {
    this.available = size;
  }

  /** The size that the window is kept at. */
  get target(): number {
    return this.size;
  }

  /** What the peer may still send. */
  get left(): number {
    return Math.max(0, this.available);
  }

  /** @returns false when the peer has sent more than it may */
  take(byteCount: number): boolean {
    this.available -= byteCount;
    return this.available >= 0;
  }

  /** @returns the increment to announce now, or 0 */
  giveBack(byteCount: number): number {
    this.consumed += byteCount;
    if (this.consumed * 2 < this.size) return 0;
    return this.announce();
  }

  /** Raises the target. @returns the increment to announce now, or 0 */
  grow(size: number): number {
    if (size <= this.size) return 0;
    this.consumed += size - this.size;
    this.size = size;
    return this.announce();
  }

  private announce(): number {
    const increment = this.consumed;
    this.consumed = 0;
    this.available += increment;
    return increment;
  }
}
