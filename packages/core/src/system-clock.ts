import type { Clock, Random, Timer } from './clock.js';

/** Node fires a timer at once when its delay does not fit 31 bits; longer ones are taken in steps. */
const LONGEST_NODE_TIMER_MS = 2 ** 31 - 1;

/** The process's monotonic clock and Node timers. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  setTimer: (delayMs, callback, options) => {
    const ref = options?.ref ?? true;
    let handle: NodeJS.Timeout;
    const arm = (leftMs: number): void => {
      const step = Math.min(leftMs, LONGEST_NODE_TIMER_MS);
      handle = setTimeout(() => (leftMs > step ? arm(leftMs - step) : callback()), step);
      if (!ref) handle.unref();
    };
    arm(Math.max(0, delayMs));
    const timer: Timer = { cancel: () => clearTimeout(handle) };
    return timer;
  },
};

export const systemRandom: Random = { next: () => Math.random() };
