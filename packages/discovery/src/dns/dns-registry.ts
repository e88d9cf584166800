import { isIP } from 'node:net';
import { ConfigError, createRuntime, requireKnownKeys, requireNumber, type Runtime } from '@breakwater/core';
import { BelievingSource } from '../believing-source.js';
import { parseHostPort } from '../host-port.js';
import { LastKnownGood } from '../last-known-good.js';
import type { Registry } from '../registry.js';
import { SharedWatches } from '../shared-watches.js';
import type { Target } from '../target.js';
import { requireParams } from '../target-rules.js';
import { DnsWatch } from './dns-watch.js';
import type { ResolveHost } from './resolve-host.js';
import { systemResolveHost } from './system-resolve-host.js';

/** Settings of `dnsRegistry`. */
export interface DnsRegistryOptions {
  /** Time between two questions, ms, 1,000 to 3,600,000; chance takes or adds a tenth. Default 30,000. */
  readonly intervalMs?: number | undefined;
  /** Least time between two questions, whoever asks for a refresh, ms, 100 to `intervalMs`. Default 5,000. */
  readonly minIntervalMs?: number | undefined;
  /** Time limit of one question, ms, 100 to 60,000. Default 5,000. */
  readonly timeoutMs?: number | undefined;
  /** See `MassLossGuard`; ms, default 60,000, 0 turns the guard off. */
  readonly suspectTtlMs?: number | undefined;
  /** Default: the operating system, or the DNS server named in the target. */
  readonly resolve?: ResolveHost | undefined;
  /** Time and chance; default the system's. */
  readonly runtime?: Partial<Runtime> | undefined;
}

const KEYS = ['intervalMs', 'minIntervalMs', 'timeoutMs', 'suspectTtlMs', 'resolve', 'runtime'] as const;

/**
 * `dns:///host:port`: every A and AAAA record of the host is an endpoint; `dns://9.9.9.9/host:port` asks that server.
 * DNS does not tell of changes, so it is asked on an interval and when a connection was lost (`Watcher.refresh`).
 * @throws ConfigError for options out of range
 */
export function dnsRegistry(options: DnsRegistryOptions = {}): Registry {
  requireKnownKeys('dns', options, KEYS);
  const intervalMs = requireNumber('dns.intervalMs', options.intervalMs ?? 30_000, { min: 1_000, max: 3_600_000 });
  const minIntervalMs = requireNumber('dns.minIntervalMs', options.minIntervalMs ?? Math.min(5_000, intervalMs), {
    min: 100,
    max: intervalMs,
  });
  const timeoutMs = requireNumber('dns.timeoutMs', options.timeoutMs ?? 5_000, { min: 100, max: 60_000 });
  const runtime = createRuntime(options.runtime);
  const resolve = options.resolve ?? systemResolveHost;
  // Checks the range now rather than at the first watch.
  new LastKnownGood(options.suspectTtlMs);
  const watches = new SharedWatches('the DNS registry', (target, publish) => {
    requireParams(target, []);
    const address = parseHostPort('target', target.name);
    const server = serverOf(target);
    const believing = new BelievingSource(new LastKnownGood(options.suspectTtlMs), runtime.clock, publish);
    return new DnsWatch(address, server, believing, { intervalMs, minIntervalMs, timeoutMs, resolve, runtime });
  });
  return {
    scheme: 'dns',
    description: 'DNS',
    register: (instance) =>
      Promise.reject(
        ConfigError.rule(
          'registry',
          instance.service,
          `registry: DNS cannot register ${JSON.stringify(instance.service)}; use a Consul or in-memory registry, or none`,
        ),
      ),
    watch: (target) => watches.watch(target),
    services: () => Promise.resolve([]),
    close: () => Promise.resolve(watches.close()),
  };
}

function serverOf({ authority, uri }: Target): string | undefined {
  if (authority === '') return undefined;
  const host = /^\[(.*)\](?::\d{1,5})?$/.exec(authority)?.[1] ?? authority.replace(/:\d{1,5}$/, '');
  if (isIP(host) !== 0) return authority;
  throw ConfigError.rule(
    'target',
    uri,
    `target ${JSON.stringify(uri)}: the DNS server ${JSON.stringify(authority)} must be an IP address, with or without a port`,
  );
}
