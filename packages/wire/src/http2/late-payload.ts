/** A message without content has these: frames count as that much at least. */
const PREFIX_BYTES = 5;

/**
 * Payload that is on its way to streams that this side has reset. Until the peer hears of the reset it may send what the
 * windows of those streams allow: that is no mistake, and no flood, however many streams are reset at a time.
 */
export class LatePayload {
  private bytes = 0;

  /**
   * A stream was reset here.
   * @param windowBytes what the peer may have sent on it since
   * @param limitBytes what it may have sent on the connection
   */
  expect(windowBytes: number, limitBytes: number): void {
    this.bytes = Math.min(limitBytes, this.bytes + windowBytes);
  }

  /** Payload has come for a stream that is closed. @returns whether it can be late */
  take(byteCount: number): boolean {
    const counted = Math.max(byteCount, PREFIX_BYTES);
    if (counted > this.bytes) return false;
    this.bytes -= counted;
    return true;
  }
}
