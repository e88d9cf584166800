import { ConfigError, nearest } from '@breakwater/core';
import type { Target } from './target.js';

/** @throws ConfigError when the target has a part between `//` and `/` that its registry has no use for */
export function requireNoAuthority(target: Target, shape: string): void {
  if (target.authority === '') return;
  throw ConfigError.rule(
    'target',
    target.uri,
    `target ${JSON.stringify(target.uri)} has ${JSON.stringify(target.authority)} before the third slash; write ${shape}`,
  );
}

/** @throws ConfigError for a parameter that is unknown (naming the nearest known one) or given twice */
export function requireParams(target: Target, known: readonly string[]): void {
  const seen = new Set<string>();
  for (const key of target.params.keys()) {
    if (!known.includes(key)) {
      const near = nearest(key, known);
      const hint = known.length === 0 ? `${target.scheme} targets take none` : `known: ${known.join(', ')}`;
      throw ConfigError.rule(
        'target',
        target.uri,
        `target ${JSON.stringify(target.uri)}: unknown parameter ${key}; ${near === undefined ? hint : `did you mean ${near}?`}`,
      );
    }
    if (seen.has(key))
      throw ConfigError.rule(
        'target',
        target.uri,
        `target ${JSON.stringify(target.uri)}: parameter ${key} is given twice`,
      );
    seen.add(key);
  }
}
