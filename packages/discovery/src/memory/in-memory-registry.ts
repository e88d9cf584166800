import { ConfigError, nearest, systemClock, type Clock } from '@breakwater/core';
import type { Endpoint, EndpointHealth } from '../endpoint.js';
import { LastKnownGood } from '../last-known-good.js';
import type { Instance, Registration, Registry, ServiceSummary, Watcher } from '../registry.js';
import { RegistrationStates } from '../registration-state.js';
import { SharedWatches } from '../shared-watches.js';
import type { Target } from '../target.js';
import { requireNoAuthority, requireParams } from '../target-rules.js';
import { noEndpoints, registryUnavailable } from '../unavailable.js';
import { validateInstance, type ValidInstance } from '../validate-instance.js';
import { MemoryWatch } from './memory-watch.js';

/** Settings of `InMemoryRegistry`. */
export interface InMemoryRegistryOptions {
  /** See `MassLossGuard`; ms, default 60,000, 0 turns the guard off. */
  readonly suspectTtlMs?: number | undefined;
  /** Default `systemClock`. */
  readonly clock?: Clock | undefined;
}

interface Entry {
  readonly instance: ValidInstance;
  readonly generation: string;
  readonly health: EndpointHealth;
}

/**
 * A registry for one process: `memory:///payments` finds what was registered with the same object.
 * Meant for tests and for services that share a process; `setHealth` and `setReachable` play the part of the outside world.
 */
export class InMemoryRegistry implements Registry {
  readonly scheme = 'memory';
  readonly description = 'the in-memory registry';
  private readonly clock: Clock;
  private readonly suspectTtlMs: number | undefined;
  private readonly entries = new Map<string, Entry>();
  private readonly sources = new Set<MemoryWatch>();
  private readonly watches: SharedWatches;
  private registrations = 0;
  private reachable = true;
  private closed = false;

  constructor(options: InMemoryRegistryOptions = {}) {
    this.clock = options.clock ?? systemClock;
    this.suspectTtlMs = options.suspectTtlMs;
    // Checks the range now rather than at the first watch.
    new LastKnownGood(this.suspectTtlMs);
    this.watches = new SharedWatches(this.description, (target, publish) => {
      requireNoAuthority(target, 'memory:///service');
      requireParams(target, ['tag']);
      const source = new MemoryWatch(target, new LastKnownGood(this.suspectTtlMs), this.clock, publish, (one) =>
        this.sources.delete(one),
      );
      this.sources.add(source);
      this.feed(source);
      return source;
    });
  }

  async register(instance: Instance): Promise<Registration> {
    const valid = validateInstance(instance);
    if (this.closed)
      throw ConfigError.rule(
        'registry',
        valid.service,
        `${this.description} is closed; ${valid.service} cannot be registered`,
      );
    const key = `${valid.service}/${valid.id}`;
    const entry: Entry = { instance: valid, generation: String(++this.registrations), health: 'passing' };
    this.entries.set(key, entry);
    this.feedAll();
    const states = new RegistrationStates({ kind: 'registered' });
    return {
      id: valid.id,
      get state() {
        return states.current;
      },
      onState: (listener) => states.subscribe(listener),
      deregister: async () => {
        // A later registration of the same id is somebody else's to end.
        if (this.entries.get(key)?.generation === entry.generation && this.entries.delete(key)) this.feedAll();
        states.set({ kind: 'deregistered' });
      },
    };
  }

  watch(target: Target): Watcher {
    return this.watches.watch(target);
  }

  async services(): Promise<readonly ServiceSummary[]> {
    const names = [...new Set([...this.entries.values()].map(({ instance }) => instance.service))].sort();
    return names.map((name) => {
      const entries = this.entriesOf(name);
      const tags = [...new Set(entries.flatMap(({ instance }) => instance.tags))].sort();
      return {
        name,
        tags,
        passing: entries.filter(({ health }) => health === 'passing').length,
        total: entries.length,
      };
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    this.watches.close();
    this.entries.clear();
  }

  /** Changes the health of an instance, as a failing check would. @throws ConfigError when it is not registered */
  setHealth(service: string, id: string, health: 'passing' | 'warning' | 'critical'): void {
    const entry = this.entries.get(`${service}/${id}`);
    if (entry === undefined) throw new ConfigError('id', id, `registered in ${service}`);
    this.entries.set(`${service}/${id}`, { ...entry, health });
    this.feedAll();
  }

  /** `false` makes watches behave as when a registry cannot be reached, `true` ends that. */
  setReachable(reachable: boolean): void {
    this.reachable = reachable;
    this.feedAll();
  }

  private entriesOf(service: string): readonly Entry[] {
    return [...this.entries.values()].filter(({ instance }) => instance.service === service);
  }

  private feedAll(): void {
    for (const source of [...this.sources]) this.feed(source);
  }

  private feed(source: MemoryWatch): void {
    const { name, params } = source.target;
    if (!this.reachable) {
      source.failure(
        registryUnavailable(`${this.description} was made unreachable; watching again as soon as it is not`),
      );
      return;
    }
    const tag = params.get('tag');
    const found = this.entriesOf(name).filter(({ instance }) => tag === null || instance.tags.includes(tag));
    source.answer(found.map(toEndpoint), noEndpoints(this.whyEmpty(name, found.length, tag)));
  }

  private whyEmpty(name: string, found: number, tag: string | null): string {
    if (found > 0) return `all ${found} instances of ${JSON.stringify(name)} in ${this.description} are critical`;
    const known = [...new Set([...this.entries.values()].map(({ instance }) => instance.service))];
    if (known.includes(name))
      return `${this.description} knows no instance of ${JSON.stringify(name)} with tag ${JSON.stringify(tag)}`;
    const near = nearest(name, known);
    return `${this.description} knows no service ${JSON.stringify(name)}${near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`}`;
  }
}

/** A new `InMemoryRegistry`. @throws ConfigError for options out of range */
export const inMemoryRegistry = (options?: InMemoryRegistryOptions): InMemoryRegistry => new InMemoryRegistry(options);

const toEndpoint = ({ instance, health, generation }: Entry): Endpoint => ({
  id: instance.id,
  host: instance.host,
  port: instance.port,
  weight: instance.weight,
  tags: instance.tags,
  meta: instance.meta,
  health,
  generation,
});
