import { Code, type Status } from '@breakwater/core';

/** The registry answered, and there is nobody to call. Fails calls at once unless they wait for ready. */
export const noEndpoints = (details: string): Status => ({
  code: Code.UNAVAILABLE,
  origin: 'local',
  reason: 'NO_ENDPOINTS',
  source: 'discovery',
  details,
});

/** The registry could not be asked, and there is no earlier answer to go by. */
export const registryUnavailable = (details: string, cause?: unknown): Status => ({
  code: Code.UNAVAILABLE,
  origin: 'local',
  reason: 'REGISTRY_UNAVAILABLE',
  source: 'discovery',
  details,
  ...(cause === undefined ? {} : { cause }),
});
