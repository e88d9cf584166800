import type { EndpointSet } from '../endpoint.js';
import type { Registry, Watcher } from '../registry.js';
import { systemClock } from '@breakwater/core';

/** A registry under test, and what the suite may do to the world around it. */
export interface RegistryHarness {
  readonly registry: Registry;
  /** Makes an instance's check report this. Left out when the test cannot. */
  setHealth?(service: string, instanceId: string, health: 'passing' | 'warning' | 'critical'): Promise<void>;
  /** Makes the registry unreachable until `resume`; what it knew may be lost meanwhile. Left out when the test cannot. */
  interrupt?(): Promise<{ resume(): Promise<void> }>;
  /** Ends everything the harness started, the registry included. */
  close(): Promise<void>;
}

/** Time limit of a single expectation, ms: generous, since nothing is measured. */
const PATIENCE_MS = 15_000;

/** Waits until the watcher's set satisfies `holds`. Rejects after 15 s, showing the last set. */
export function until(watcher: Watcher, what: string, holds: (set: EndpointSet) => boolean): Promise<EndpointSet> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      timer.cancel();
      unsubscribe();
      act();
    };
    const timer = systemClock.setTimer(PATIENCE_MS, () =>
      settle(() =>
        reject(new Error(`not seen in ${PATIENCE_MS} ms: ${what}; last set: ${JSON.stringify(watcher.current)}`)),
      ),
    );
    const unsubscribe = watcher.subscribe((set) => {
      if (holds(set)) settle(() => resolve(set));
    });
  });
}

/** Ids of the instances in `set` by port, ascending: ports are what the suite tells instances apart by. */
export const ports = (set: EndpointSet): readonly number[] =>
  set.endpoints.map(({ port }) => port).sort((a, b) => a - b);

/** Time for a publication that must not come, in two turns of the event loop and a little; there is nothing to wait for. */
export const quietTurn = (): Promise<void> => new Promise((resolve) => systemClock.setTimer(50, resolve));
