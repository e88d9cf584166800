import { ConfigError, requireOneOf } from '@breakwater/core';
import { requireParams, type Target } from '@breakwater/discovery';

/** How reads are served: any server (`stale`), the leader (`default`), or the leader after asking a quorum (`consistent`). */
export type Consistency = 'stale' | 'default' | 'consistent';

/** What a `consul://` target asks for. */
export interface ServiceQuery {
  readonly service: string;
  readonly tag: string | undefined;
  readonly dc: string | undefined;
  /** Treat `warning` as `critical`. */
  readonly passingOnly: boolean;
}

/** Reads `consul:///payments?tag=v2&dc=dc1&passing=true`. @throws ConfigError for unknown or malformed parameters */
export function parseServiceQuery(target: Target, defaultDc: string | undefined): ServiceQuery {
  requireParams(target, ['tag', 'dc', 'passing']);
  if (target.name.includes('/')) {
    throw ConfigError.rule(
      'target',
      target.uri,
      `target ${JSON.stringify(target.uri)}: a service name has no slash; write consul:///name?tag=...`,
    );
  }
  const parameter = (key: string): string | undefined => {
    const value = target.params.get(key) ?? undefined;
    if (value === '')
      throw ConfigError.rule('target', target.uri, `target ${JSON.stringify(target.uri)}: parameter ${key} is empty`);
    return value;
  };
  const passing = requireOneOf(`target ${JSON.stringify(target.uri)}: passing`, parameter('passing') ?? 'false', [
    'true',
    'false',
  ]);
  return {
    service: target.name,
    tag: parameter('tag'),
    dc: parameter('dc') ?? defaultDc,
    passingOnly: passing === 'true',
  };
}

/** Equal for targets that ask for the same thing, however they are written. */
export const queryKey = (authority: string, { service, tag, dc, passingOnly }: ServiceQuery): string =>
  JSON.stringify([authority, service, tag, dc, passingOnly]);

/** `"payments"` or `"payments" with tag "v2" in dc1`, for messages. */
export function describeQuery({ service, tag, dc }: ServiceQuery): string {
  return `${JSON.stringify(service)}${tag === undefined ? '' : ` with tag ${JSON.stringify(tag)}`}${dc === undefined ? '' : ` in ${dc}`}`;
}
