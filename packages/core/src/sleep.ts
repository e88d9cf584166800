import type { Cancellation } from './cancellation.js';
import type { Clock } from './clock.js';

/**
 * Waits `ms`, or until `cancellation` fires.
 * @returns true when the whole time passed, false when cancelled. No timer or listener is left behind
 */
export function sleep(clock: Clock, ms: number, cancellation?: Cancellation): Promise<boolean> {
  if (cancellation?.cancelled === true) return Promise.resolve(false);
  return new Promise((resolve) => {
    const onCancel = (): void => {
      timer.cancel();
      resolve(false);
    };
    const timer = clock.setTimer(ms, () => {
      cancellation?.removeListener(onCancel);
      resolve(true);
    });
    cancellation?.onCancel(onCancel);
  });
}
