import { type Clock, type Runtime, sleep } from '@breakwater/core';
import type { Registration } from '@breakwater/discovery';
import type { Health, Listener } from '@breakwater/rpc';
import type { BlockingCall, CallTracker } from './call-tracker.js';
import type { LifecycleSettings } from './lifecycle-options.js';

/** How a stop went. */
export interface DrainReport {
  readonly tookMs: number;
  /** True when calls were still in flight after `drainTimeoutMs` and had to be ended. */
  readonly forced: boolean;
  /** Who they were. */
  readonly blockedBy: readonly BlockingCall[];
  /** Why the registry did not confirm that the instance left; it will drop it when its heartbeat stays away. */
  readonly deregisterError?: string | undefined;
}

export interface Drainable {
  readonly runtime: Runtime;
  readonly lifecycle: LifecycleSettings;
  readonly health: Health;
  readonly tracker: CallTracker;
  /** Health watches and reflection: nobody waits for them. */
  readonly bystanders: CallTracker;
  readonly listener: Listener;
  readonly registration: Registration | undefined;
  /** Told of every step as it begins. */
  readonly onStep: (step: DrainStep) => void;
}

export type DrainStep = 'not_serving' | 'deregister' | 'propagation_wait' | 'goaway' | 'force' | 'stopped';

/** After being told to end, handlers have this long to answer before their connections are cut. */
const FORCE_GRACE_MS = 500;

/**
 * The ordered end of a service: NOT_SERVING -> deregister -> wait until clients know -> GOAWAY -> finish what is in
 * flight -> force what is left. Until GOAWAY it serves as before, so that no client meets a closed door.
 */
export async function drain(service: Drainable): Promise<DrainReport> {
  const { runtime, lifecycle, tracker, listener } = service;
  const { clock } = runtime;
  const begun = clock.now();
  service.onStep('not_serving');
  service.health.shutdown();
  let deregisterError: string | undefined;
  if (service.registration !== undefined) {
    service.onStep('deregister');
    deregisterError = await deregister(service.registration);
    service.onStep('propagation_wait');
    await sleep(clock, lifecycle.propagationWaitMs);
  }
  service.onStep('goaway');
  const drained = listener.drain();
  service.bystanders.end('all');
  const streams = clock.setTimer(lifecycle.streamGraceMs, () => tracker.end('streams'));
  const finished = await within(clock, lifecycle.drainTimeoutMs, drained);
  streams.cancel();
  const blockedBy = finished ? [] : tracker.blocking(clock.now());
  if (!finished) {
    service.onStep('force');
    tracker.end('all');
    await within(clock, FORCE_GRACE_MS, drained);
  }
  await listener.close();
  service.onStep('stopped');
  return { tookMs: clock.now() - begun, forced: !finished, blockedBy, deregisterError };
}

async function deregister(registration: Registration): Promise<string | undefined> {
  try {
    await registration.deregister();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** @returns whether `done` settled within `ms`; leaves no timer behind */
export function within(clock: Clock, ms: number, done: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(ms, () => resolve(false));
    done.then(
      () => {
        timer.cancel();
        resolve(true);
      },
      (error: unknown) => {
        timer.cancel();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}
