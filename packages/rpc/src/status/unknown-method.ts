import type { Status } from '@breakwater/core';
import { Code, nearest } from '@breakwater/core';

/**
 * What a call to a path that is not served is answered: UNIMPLEMENTED, reason METHOD_UNKNOWN, saying whether the service
 * or only the method is missing, and the nearest path that is served.
 */
export function unknownMethodStatus(path: string, known: readonly string[]): Status {
  const service = path.slice(1, path.lastIndexOf('/'));
  const hasService = known.some((one) => one.startsWith(`/${service}/`));
  const near = nearest(path, known);
  const what = hasService
    ? `service ${service} has no method ${path.slice(path.lastIndexOf('/') + 1)}`
    : `no service ${service} is served here`;
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  return { code: Code.UNIMPLEMENTED, reason: 'METHOD_UNKNOWN', details: `${what}${hint}`, origin: 'remote' };
}
