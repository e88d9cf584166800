import { ConfigError, nearest } from '@breakwater/core';
import type { Registry, Watcher } from './registry.js';
import { parseTarget, type Target } from './target.js';

/** The registries of a process, by the scheme of the targets they serve. */
export interface Registries {
  /** All of them, in the order given. */
  readonly all: readonly Registry[];
  /** @throws ConfigError for a scheme nobody serves, naming the known ones */
  registryFor(target: Target): Registry;
  /** Parses and watches a target. @throws ConfigError as `parseTarget` and `registryFor` do */
  watch(target: string | Target): Watcher;
  /** Closes all of them, also when one fails; rejects with the first failure. */
  close(): Promise<void>;
}

/** @throws ConfigError when two registries serve one scheme */
export function createRegistries(list: readonly Registry[]): Registries {
  const byScheme = new Map<string, Registry>();
  for (const registry of list) {
    const holder = byScheme.get(registry.scheme);
    if (holder !== undefined && holder !== registry) {
      throw ConfigError.rule(
        'registries',
        registry.scheme,
        `registries: both ${holder.description} and ${registry.description} serve ${registry.scheme}:// targets; keep one of them`,
      );
    }
    byScheme.set(registry.scheme, registry);
  }
  const all = Object.freeze([...byScheme.values()]);
  const find = (target: Target): Registry => registryFor(target, all);
  return {
    all,
    registryFor: find,
    watch: (target) => {
      const parsed = typeof target === 'string' ? parseTarget(target) : target;
      return find(parsed).watch(parsed);
    },
    close: async () => {
      const results = await Promise.allSettled(all.map((registry) => registry.close()));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
  };
}

/** The registry among `registries` that serves `target`. @throws ConfigError for an unknown scheme, naming the known ones */
export function registryFor(target: Target, registries: readonly Registry[]): Registry {
  const found = registries.find((registry) => registry.scheme === target.scheme);
  if (found !== undefined) return found;
  const known = registries.map((registry) => registry.scheme);
  const near = nearest(target.scheme, known);
  const list =
    known.length === 0 ? 'no registry is configured' : `known schemes: ${known.map((one) => `${one}://`).join(', ')}`;
  throw ConfigError.rule(
    'target',
    target.uri,
    `target ${JSON.stringify(target.uri)}: nobody resolves ${target.scheme}://; ${list}${near === undefined ? '' : ` (did you mean ${near}://?)`}`,
  );
}
