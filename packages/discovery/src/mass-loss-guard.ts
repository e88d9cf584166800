import { requireNumber } from '@breakwater/core';
import type { Endpoint } from './endpoint.js';

/** How long a suspect endpoint is kept, unless a registry is told otherwise. */
export const DEFAULT_SUSPECT_TTL_MS = 60_000;

const isHealthy = (endpoint: Endpoint): boolean => endpoint.health === 'passing' || endpoint.health === 'warning';

interface Suspect {
  /** As the registry last described it: its own words are kept for the day it is let go. */
  readonly endpoint: Endpoint;
  readonly until: number;
}

/**
 * Distrusts a registry that says at once that most of a service is gone: that is more often the registry's trouble
 * (a restart, a partition) than the service's. When more than half of the healthy endpoints vanish or turn critical in
 * one update, they are kept as `suspect` for at most `suspectTtlMs`; smaller losses take effect at once.
 * A suspect that the registry reports healthy is healthy; being reported lost again does not prolong its time.
 *
 * @throws ConfigError when `suspectTtlMs` is not 0 (guard off) to 3,600,000
 * @see Eureka's self-preservation, for the idea on the server's side
 */
export class MassLossGuard {
  private found: readonly Endpoint[] = [];
  private healthy = new Map<string, Endpoint>();
  private suspects = new Map<string, Suspect>();

  constructor(private readonly suspectTtlMs: number = DEFAULT_SUSPECT_TTL_MS) {
    requireNumber('suspectTtlMs', suspectTtlMs, { min: 0, max: 3_600_000 });
  }

  /** Takes the registry's newest answer. @param now monotonic ms @returns what to believe: found endpoints, then kept ones */
  update(found: readonly Endpoint[], now: number): readonly Endpoint[] {
    const byId = new Map(found.map((endpoint) => [endpoint.id, endpoint]));
    const lost = [...this.healthy.values()].filter((endpoint) => {
      const newest = byId.get(endpoint.id);
      return newest === undefined || newest.health === 'critical';
    });
    if (this.suspectTtlMs > 0 && lost.length * 2 > this.healthy.size) {
      for (const endpoint of lost) this.suspects.set(endpoint.id, { endpoint, until: now + this.suspectTtlMs });
    }
    for (const endpoint of found) if (endpoint.health !== 'critical') this.suspects.delete(endpoint.id);
    this.found = found;
    this.healthy = new Map(found.filter(isHealthy).map((endpoint) => [endpoint.id, endpoint]));
    return this.expire(now);
  }

  /** Lets go of suspects whose time is over. @returns what to believe now */
  expire(now: number): readonly Endpoint[] {
    for (const [id, suspect] of this.suspects) if (suspect.until <= now) this.suspects.delete(id);
    const listed = new Set<string>();
    const believed = this.found.map((endpoint) => {
      listed.add(endpoint.id);
      return this.suspects.has(endpoint.id) ? asSuspect(endpoint) : endpoint;
    });
    for (const [id, suspect] of this.suspects) if (!listed.has(id)) believed.push(asSuspect(suspect.endpoint));
    return believed;
  }

  /** Instant at which the next suspect is let go, on the clock of `now`; undefined when there is none. */
  get nextExpiry(): number | undefined {
    let next: number | undefined;
    for (const { until } of this.suspects.values()) if (next === undefined || until < next) next = until;
    return next;
  }
}

const asSuspect = (endpoint: Endpoint): Endpoint => ({ ...endpoint, health: 'suspect' });
