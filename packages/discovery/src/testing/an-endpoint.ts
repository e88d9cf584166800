import type { Endpoint } from '../endpoint.js';

/** An endpoint for tests: `anEndpoint('a', { health: 'critical' })`. */
export const anEndpoint = (id: string, fields: Partial<Endpoint> = {}): Endpoint => ({
  ...{
    id,
    host: '10.0.0.1',
    port: 5000,
    health: 'passing',
    weight: 1,
    tags: [],
    meta: {},
    generation: '1',
  },
  ...fields,
});
