/** A sender goes on without waiting while fewer bytes than this are on their way out. */
const HIGH_WATER_BYTES = 64 * 1024;

/** Backpressure of one response stream: counts what has been written and not yet taken by the connection. */
export class WriteWindow {
  private pendingBytes = 0;
  private waiting: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  sent(bytes: number): void {
    this.pendingBytes += bytes;
  }

  taken(bytes: number): void {
    this.pendingBytes -= bytes;
    if (this.pendingBytes < HIGH_WATER_BYTES) this.release();
  }

  /** `true` to send on, or a promise that settles when there is room, or at `release()`. */
  room(): true | Promise<void> {
    if (this.pendingBytes < HIGH_WATER_BYTES) return true;
    if (this.waiting === undefined) {
      let resolve = (): void => {};
      const promise = new Promise<void>((settle) => {
        resolve = settle;
      });
      this.waiting = { promise, resolve };
    }
    return this.waiting.promise;
  }

  /** The call is over: nobody is to wait any more. */
  release(): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.resolve();
  }
}
