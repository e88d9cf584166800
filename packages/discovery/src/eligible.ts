import type { Endpoint } from './endpoint.js';

const isHealthy = (endpoint: Endpoint): boolean => endpoint.health === 'passing' || endpoint.health === 'warning';

/**
 * The endpoints worth connecting to: the healthy ones (`passing` and `warning`); when there is none, those that the
 * mass-loss guard holds as `suspect`; `critical` ones never. Order is kept; the same array is returned when all qualify.
 */
export function eligible(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  return tier(endpoints, (one) => one, false);
}

/**
 * As `eligible`, for anything that carries an endpoint, with one tier more: when nobody is healthy or suspect, health is
 * ignored (the panic rule), so that the result is empty only when `items` is.
 */
export const healthiest = <T>(items: readonly T[], endpointOf: (item: T) => Endpoint): readonly T[] =>
  tier(items, endpointOf, true);

function tier<T>(items: readonly T[], endpointOf: (item: T) => Endpoint, panic: boolean): readonly T[] {
  const healthy = items.filter((item) => isHealthy(endpointOf(item)));
  if (healthy.length === items.length) return items;
  if (healthy.length > 0) return healthy;
  const suspect = items.filter((item) => endpointOf(item).health === 'suspect');
  return suspect.length > 0 || !panic ? suspect : items;
}
