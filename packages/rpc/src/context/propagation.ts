import { AsyncLocalStorage } from 'node:async_hooks';
import type { Cancellation, Metadata } from '@breakwater/core';

/** What an incoming call hands on to the calls made while it is handled. */
export interface Ambient {
  /** Instant on the monotonic clock; outgoing calls end no later. */
  readonly deadline: number;
  /** Outgoing calls are cancelled with it. */
  readonly cancellation: Cancellation;
  /** Trace context and request id to send on. */
  readonly propagated: Metadata;
  /** The incoming call is a repeated attempt: its caller retries already, so outgoing calls have one attempt each. */
  readonly retried?: boolean | undefined;
}

/**
 * Context propagation through AsyncLocalStorage. Off until the first client of the process asks for it, since an active
 * storage makes every await of the process a little dearer.
 */
const storage = new AsyncLocalStorage<Ambient | undefined>();
let enabled = false;

/** Called by the first client of a process. */
export const enablePropagation = (): void => {
  enabled = true;
};

/** The incoming call that the current code is handling, if there is one. */
export const currentContext = (): Ambient | undefined => (enabled ? storage.getStore() : undefined);

/** Runs `work` as part of handling `ambient`. */
export const runWithContext = <T>(ambient: Ambient, work: () => T): T =>
  enabled ? storage.run(ambient, work) : work();

/**
 * Runs `work` outside the call that is being handled: calls made in it inherit neither its deadline nor its
 * cancellation, trace or request id. For work that is to outlive the call.
 */
export const detach = <T>(work: () => T): T => storage.run(undefined, work);
