import type { Status } from '@breakwater/core';

/** Health of an endpoint as its registry tells it; `suspect`: held back by the mass-loss guard. */
export type EndpointHealth = 'passing' | 'warning' | 'critical' | 'suspect';

/** One backend: an instance of a service at one address. Immutable. */
export interface Endpoint {
  /** Unique within the target and stable over time: `host:port` unless the registry knows better. */
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly health: EndpointHealth;
  /** Relative share of the load, above zero; 1 unless the registry says otherwise. */
  readonly weight: number;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
  /** Changes when the registry reports a new registration of the same id: connection backoff starts afresh then. */
  readonly generation: string;
}

/** What a target resolves to at one moment. Replaced as a whole, never changed. */
export interface EndpointSet {
  readonly endpoints: readonly Endpoint[];
  /** True when the registry cannot be reached and this is the last good answer. */
  readonly stale: boolean;
  /** Why there is nobody to call; present exactly when `eligible(endpoints)` is empty, also when all are critical. */
  readonly unavailable?: Status | undefined;
}
