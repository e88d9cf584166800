import type { Status } from '@breakwater/core';
import { Cancellation, ChildCancellation, Code } from '@breakwater/core';
import type { OwnedCancellation } from './options.js';

const cancelledByCaller = (details: string): Status => ({
  code: Code.CANCELLED,
  reason: 'CANCELLED',
  details,
  origin: 'local',
});

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
  const onAbort = (): void => child.cancel(cancelledByCaller(abortText(signal.reason)));
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return {
    cancellation: child,
    release: () => {
      signal.removeEventListener('abort', onAbort);
      unlink();
    },
  };
}

function nothing(): void {}

function abortText(reason: unknown): string {
  const text = reason instanceof Error ? reason.message : typeof reason === 'string' ? reason : '';
  return text === '' ? 'cancelled by the caller' : `cancelled by the caller: ${text}`;
}
