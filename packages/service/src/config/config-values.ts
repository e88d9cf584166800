import type { Side } from './settings.js';

/** One value that was read, and where. */
export interface ConfigValue {
  readonly side: Side;
  /** Service name, target, or `default`; undefined for the environment. */
  readonly name: string | undefined;
  /** Set for a value that is for one method. */
  readonly method: string | undefined;
  /** Within the side or the method: `policies.retry.maxAttempts`; for a policy as a whole `policies.retry`. */
  readonly path: string;
  readonly value: unknown;
  /** `breakwater.yaml:7:15`, or the name of the variable. */
  readonly source: string;
}

/** The names of sections may hold dots and slashes: they stand in brackets then. */
const named = (parent: string, name: string): string =>
  /^[\w-]+$/.test(name) ? `${parent}.${name}` : `${parent}[${JSON.stringify(name)}]`;

/**
 * The key of a value in `Config.sources`, which is also what errors call it.
 * A policy of a method stands in `methods.NAME` without the word `policies`.
 */
export function sourceKey({
  side,
  name,
  method,
  path,
}: Pick<ConfigValue, 'side' | 'name' | 'method' | 'path'>): string {
  const section = name === undefined ? `environment.${side}` : named(side === 'service' ? 'services' : 'clients', name);
  if (method === undefined) return path === '' ? section : `${section}.${path}`;
  const own = path.replace(/^policies\.?/, '');
  const parent = named(`${section}.methods`, method);
  return own === '' ? parent : `${parent}.${own}`;
}
