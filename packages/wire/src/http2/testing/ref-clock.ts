import type { Timer } from '@breakwater/core';
import { FakeClock } from '@breakwater/core/testing';

/** Counts the timers that would keep a process alive. */
export class RefClock extends FakeClock {
  refs = 0;

  override setTimer(delayMs: number, callback: () => void, options?: { readonly ref?: boolean }): Timer {
    if (options?.ref !== false) this.refs += 1;
    return super.setTimer(delayMs, callback);
  }
}
