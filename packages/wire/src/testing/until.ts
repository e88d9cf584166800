import { systemClock } from '@breakwater/core';

/** Lets I/O happen until `condition` holds. The timeout of the test bounds it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => systemClock.setTimer(2, resolve));
}

/** Lets I/O happen until `value` has not changed for a while: what was going to happen has happened. */
export async function settled(value: () => number, looks = 15): Promise<number> {
  let last = value();
  for (let same = 0; same < looks; ) {
    await new Promise<void>((resolve) => systemClock.setTimer(4, resolve));
    same = value() === last ? same + 1 : 0;
    last = value();
  }
  return last;
}

/** A promise and what settles it. */
export function deferred<T = void>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
