import type { ClientOptions } from '../client/create-client.js';
import type { ServiceOptions } from '../server/create-service.js';

/** The options of a client with what file and environment say of its target. */
export function withClientConfig(_target: string, options: ClientOptions): ClientOptions {
  return options;
}

/** The options of a service with what file and environment say of it. */
export function withServiceConfig(options: ServiceOptions): ServiceOptions {
  return options;
}
