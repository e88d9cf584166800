/** A timer that has been set. */
export interface Timer {
  /** Idempotent; a fired timer ignores it. */
  cancel(): void;
}

/** The only source of time. `systemClock` in production, `FakeClock` of `@breakwater/core/testing` in tests. */
export interface Clock {
  /** Monotonic ms with a fraction; the zero point means nothing. */
  now(): number;
  /** Unix time in ms, for what is displayed or persisted only. */
  wallNow(): number;
  /**
   * Runs `callback` once, `delayMs` from now or later. A timer that somebody awaits keeps the process alive;
   * pass `{ ref: false }` for housekeeping. Delays above 2^31-1 ms are legal.
   */
  setTimer(delayMs: number, callback: () => void, options?: { readonly ref?: boolean }): Timer;
}

/** A source of uniform numbers in [0, 1). */
export interface Random {
  next(): number;
}
