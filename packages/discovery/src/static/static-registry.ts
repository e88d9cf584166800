import { ConfigError, requireNumber } from '@breakwater/core';
import type { Endpoint } from '../endpoint.js';
import { formatAddress } from '../endpoint-set.js';
import { parseHostPort } from '../host-port.js';
import type { Registry } from '../registry.js';
import { SharedWatches } from '../shared-watches.js';
import type { Target } from '../target.js';
import { requireNoAuthority, requireParams } from '../target-rules.js';
import { WEIGHT_RANGE } from '../validate-instance.js';

/**
 * Addresses written into the target: `static:///10.0.0.5:5000,10.0.0.6:5000*3` (the second weighs three times as much).
 * They never change, are always `passing`, and nothing can be registered.
 */
export function staticRegistry(): Registry {
  const watches = new SharedWatches('the static registry', (target, publish) => {
    publish({ endpoints: parseStaticTarget(target), stale: false });
    return { close: () => {} };
  });
  return {
    scheme: 'static',
    description: 'addresses in the target',
    register: (instance) =>
      Promise.reject(
        ConfigError.rule(
          'registry',
          instance.service,
          `registry: static addresses cannot register ${JSON.stringify(instance.service)}; use a Consul or in-memory registry, or none`,
        ),
      ),
    watch: (target) => watches.watch(target),
    services: () => Promise.resolve([]),
    close: () => Promise.resolve(watches.close()),
  };
}

/** The endpoints of a `static:///` target. @throws ConfigError naming the address that is wrong */
export function parseStaticTarget(target: Target): readonly Endpoint[] {
  requireNoAuthority(target, 'static:///host:port,host:port*weight');
  requireParams(target, []);
  const seen = new Set<string>();
  return target.name.split(',').map((part) => {
    const text = part.trim();
    const star = text.indexOf('*');
    const { host, port } = parseHostPort('target', star < 0 ? text : text.slice(0, star));
    const weight =
      star < 0 ? 1 : requireNumber(`weight of ${text} in target`, parseWeight(text.slice(star + 1)), WEIGHT_RANGE);
    const id = formatAddress(host, port);
    if (seen.has(id))
      throw ConfigError.rule(
        'target',
        target.uri,
        `target ${target.uri} lists ${id} twice; give it a weight instead: ${id}*2`,
      );
    seen.add(id);
    return { id, host, port, health: 'passing', weight, tags: [], meta: {}, generation: '' };
  });
}

const parseWeight = (text: string): number | string =>
  text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
