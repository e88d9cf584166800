import type { Status } from '@breakwater/core';
import { Cancellation, ChildCancellation } from '@breakwater/core';
import type { OwnedCancellation } from './options.js';
import { cancelledByCaller, followSignal } from './signal-calls.js';

/** What a broken-off iteration of a response stream cancels its call with. */
export const ABANDONED: Status = cancelledByCaller('the caller stopped reading the response stream');

/**
 * The cancellation of one outgoing call: follows the incoming call (`parent`) and the caller's `signal`. `own` asks for
 * one that can be fired without touching the parent's. Without parent and signal it is a bare object.
 */
export function callCancellation(
  parent: Cancellation | undefined,
  signal: AbortSignal | undefined,
  own: boolean,
): OwnedCancellation {
  if (signal === undefined) {
    if (parent === undefined) return { cancellation: new Cancellation(), release: nothing };
    if (!own) return { cancellation: parent, release: nothing };
  }
  const child = parent === undefined ? new Cancellation() : new ChildCancellation(parent);
  const unlink = (): void => {
    if (child instanceof ChildCancellation) child.release();
  };
  if (signal === undefined) return { cancellation: child, release: unlink };
  const unfollow = followSignal(signal, child);
  return {
    cancellation: child,
    release: () => {
      unfollow();
      unlink();
    },
  };
}

function nothing(): void {}
