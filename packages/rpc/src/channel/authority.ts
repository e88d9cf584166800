import type { Target } from '@breakwater/discovery';

/**
 * `:authority` of a target: the service name. Targets that are addresses themselves (`static`, `dns`) use the first of
 * them, so that TLS verifies the host that was named.
 */
export function authorityOf(target: Target): string {
  if (target.scheme !== 'static' && target.scheme !== 'dns') return target.name;
  return (target.name.split(',')[0] ?? target.name).replace(/\*\d+(\.\d+)?$/, '');
}
