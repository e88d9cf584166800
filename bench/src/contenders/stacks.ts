import type { ClientPolicies, ServerPolicies } from '@breakwater/service';
import { TIMEOUT_MS } from './workload.js';

/** What distinguishes the contenders on one transport of ours. */
export interface Stacks {
  readonly client: ClientPolicies;
  readonly server: ServerPolicies;
  /** Every handler runs in an AsyncLocalStorage, as in a server process that has clients of its own. */
  readonly propagation: boolean;
}

/** Everything that is on by default, on both sides; only the number of streams is raised for those who count them. */
export const DEFAULT_STACKS: Stacks = {
  client: {},
  server: { concurrencyLimit: { maxStreams: 100_000 } },
  propagation: false,
};

/** The same in a server that makes calls of its own. */
export const PROPAGATING: Stacks = { ...DEFAULT_STACKS, propagation: true };

/** The deadline and nothing else: what the policies cost is the difference. */
export const NO_POLICIES: Stacks = {
  client: { bulkhead: false, retry: false, circuitBreaker: false, deadline: { timeoutMs: TIMEOUT_MS } },
  server: { concurrencyLimit: false },
  propagation: false,
};
