import { ConfigError } from '@breakwater/core';
import {
  BelievingSource,
  LastKnownGood,
  SharedWatches,
  type Instance,
  type Registration,
  type Registry,
  type ServiceSummary,
  type Target,
  type Watcher,
} from '@breakwater/discovery';
import { parseConsulAddress } from './client/consul-address.js';
import { ConsulClient } from './client/consul-client.js';
import { resolveOptions, type ConsulOptions, type ConsulSettings } from './consul-options.js';
import { listServices, serviceNames } from './list-services.js';
import { validateConsulInstance } from './registration/consul-instance.js';
import { ConsulRegistration } from './registration/consul-registration.js';
import { parseServiceQuery, queryKey } from './watch/service-query.js';
import { ServiceWatch } from './watch/service-watch.js';

/**
 * Consul as a registry. `consul:///payments?tag=v2&dc=dc1&passing=true` asks the configured agent,
 * `consul://10.0.0.9:8500/payments` another one. Nothing is sent before the first `watch` or `register`.
 * @throws ConfigError for an unknown option, a value out of range, or options that exclude each other
 */
export const consul = (options: ConsulOptions = {}): Registry => new ConsulRegistry(resolveOptions(options));

const FIRST_BACKOFF_MS = 250;
const VERIFY_INTERVAL_MS = 10_000;
/** A hint at a similar name must not hold up the news that there is no such service. */
const HINT_TIMEOUT_MS = 500;

class ConsulRegistry implements Registry {
  readonly scheme = 'consul';
  readonly description: string;
  private readonly own: ConsulClient;
  /** Agents named by targets, by address. */
  private readonly others = new Map<string, ConsulClient>();
  private readonly watches: SharedWatches;
  private readonly registrations = new Set<ConsulRegistration>();
  private closed = false;

  constructor(private readonly settings: ConsulSettings) {
    const { address, runtime, token, tls } = settings;
    this.description = `Consul at ${address.text}`;
    this.own = new ConsulClient(address, runtime.clock, token, tls);
    this.watches = new SharedWatches(
      this.description,
      (target, publish) => this.openWatch(target, publish),
      (target) => queryKey(target.authority, parseServiceQuery(target, settings.dc)),
    );
  }

  async register(instance: Instance): Promise<Registration> {
    const valid = validateConsulInstance(instance);
    if (this.closed)
      throw ConfigError.rule(
        'registry',
        valid.service,
        `${this.description} is closed; ${valid.service} cannot be registered`,
      );
    const settings = { ...this.settings, verifyIntervalMs: VERIFY_INTERVAL_MS };
    const registration = new ConsulRegistration(this.own, valid, settings, (one) => this.registrations.delete(one));
    this.registrations.add(registration);
    return registration.start();
  }

  watch(target: Target): Watcher {
    return this.watches.watch(target);
  }

  services(): Promise<readonly ServiceSummary[]> {
    return listServices(this.own, this.settings.requestTimeoutMs, this.settings.dc);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.watches.close();
    for (const registration of [...this.registrations]) registration.stop();
    for (const client of [this.own, ...this.others.values()]) client.destroy();
  }

  private openWatch(
    target: Target,
    publish: Parameters<ConstructorParameters<typeof SharedWatches>[1]>[1],
  ): ServiceWatch {
    const { consistency, dc, maxBackoffMs, maxStalenessMs, requestTimeoutMs, runtime, suspectTtlMs, waitMs } =
      this.settings;
    const client = this.clientOf(target);
    const query = parseServiceQuery(target, dc);
    const believing = new BelievingSource(new LastKnownGood(suspectTtlMs), runtime.clock, publish);
    return new ServiceWatch(client, query, believing, {
      ...{ consistency, maxStalenessMs, requestTimeoutMs, runtime, waitMs },
      backoff: { initialMs: FIRST_BACKOFF_MS, maxMs: maxBackoffMs },
      serviceNames: () => serviceNames(client, Math.min(requestTimeoutMs, HINT_TIMEOUT_MS), query.dc),
      onFailure: () => {
        if (client === this.own) for (const registration of this.registrations) registration.verifySoon();
      },
    });
  }

  private clientOf({ authority }: Target): ConsulClient {
    if (authority === '') return this.own;
    const address = parseConsulAddress('target', `${this.settings.address.secure ? 'https' : 'http'}://${authority}`);
    if (address.text === this.settings.address.text) return this.own;
    let client = this.others.get(address.text);
    if (client === undefined) {
      client = new ConsulClient(address, this.settings.runtime.clock, undefined, this.settings.tls);
      this.others.set(address.text, client);
    }
    return client;
  }
}
