import type { Clock } from '@breakwater/core';

/** Settles with `work`, however it ends, or after `ms`. No timer is left behind. */
export function atMost(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(ms, resolve);
    const over = (): void => {
      timer.cancel();
      resolve();
    };
    work.then(over, over);
  });
}
