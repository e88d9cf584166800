import type { ClientLimits, ConnectBackoff, ServerLimits } from '@breakwater/rpc';
import type { PickerName } from '../client/client-options.js';
import type { LifecycleOptions } from '../lifecycle/lifecycle-options.js';
import type { ClientPolicies } from '../policies/client-policies.js';
import type { ServerPolicies } from '../policies/server-policies.js';
import type { TransportName } from '../transports.js';

/** What file and environment may say of a service. */
export interface ServiceConfig {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly advertise?: { readonly host?: string | undefined; readonly port?: number | undefined } | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly weight?: number | undefined;
  readonly transport?: TransportName | undefined;
  readonly reflection?: boolean | undefined;
  readonly limits?: Partial<ServerLimits> | undefined;
  readonly lifecycle?: LifecycleOptions | undefined;
  readonly policies?: ServerPolicies | undefined;
  readonly methods?: Readonly<Record<string, ServerPolicies>> | undefined;
}

/** What file and environment may say of a client. */
export interface ClientConfig {
  readonly picker?: PickerName | undefined;
  readonly transport?: TransportName | undefined;
  readonly authority?: string | undefined;
  readonly drainGraceMs?: number | undefined;
  readonly backoff?: Partial<ConnectBackoff> | undefined;
  readonly limits?: Partial<ClientLimits> | undefined;
  readonly policies?: ClientPolicies | undefined;
  readonly methods?: Readonly<Record<string, ClientPolicies>> | undefined;
}

/**
 * Settings from outside the code, read and checked by `loadConfig`. They win over what the code says:
 * framework default < code < file, `default` < file, the service or target by name < environment.
 * What is said of one method wins over what is said of all, wherever it stands.
 */
export interface Config {
  /** From the file, by service name; `default` is for every service. */
  readonly services: Readonly<Record<string, ServiceConfig>>;
  /** From the file, by target; `default` is for every target. A target without its `?parameters` covers those with. */
  readonly clients: Readonly<Record<string, ClientConfig>>;
  /** From the environment: for every service and every client of the process. */
  readonly environment: { readonly service: ServiceConfig; readonly client: ClientConfig };
  /**
   * Where each value was read, by its path: `clients.default.policies.retry.maxAttempts` -> `breakwater.yaml:7:15`,
   * `environment.client.policies.retry.maxAttempts` -> `BREAKWATER_CLIENT_RETRY_MAX_ATTEMPTS`.
   */
  readonly sources: ReadonlyMap<string, string>;
}

/** Nothing from outside: `createClient(..., { config: NO_CONFIG })` heeds neither file nor environment. */
export const NO_CONFIG: Config = Object.freeze({
  services: Object.freeze({}),
  clients: Object.freeze({}),
  environment: Object.freeze({ service: Object.freeze({}), client: Object.freeze({}) }),
  sources: new Map<string, string>(),
});
