import type { EndpointSet } from './endpoint.js';
import type { Target } from './target.js';

/** One running instance of a service, as it wants to be found. */
export interface Instance {
  readonly service: string;
  /** Unique among all instances of the service; default `service-host-port`. */
  readonly id?: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly tags?: readonly string[] | undefined;
  readonly meta?: Readonly<Record<string, string>> | undefined;
  readonly weight?: number | undefined;
}

/** State of a registration, for logs and readiness. */
export type RegistrationState =
  | { readonly kind: 'registered' }
  | { readonly kind: 'retrying'; readonly error: string; readonly retryInMs: number }
  | { readonly kind: 'deregistered' };

/** A registration that is kept alive until it is given back. */
export interface Registration {
  readonly id: string;
  readonly state: RegistrationState;
  /** @returns a function that ends the subscription */
  onState(listener: (state: RegistrationState) => void): () => void;
  /** Leaves the registry. Settles when the registry has confirmed, or rejects after its time limit saying why not. */
  deregister(): Promise<void>;
}

/** A live view of one target. */
export interface Watcher {
  /** The newest answer; undefined until the first one (or first failure) is there. */
  readonly current: EndpointSet | undefined;
  /**
   * Called with the answer that is already there, if any, and then on every change; never synchronously from
   * `subscribe`, never twice with the same set, never after `close` or the end of the subscription.
   * A listener that throws does not keep the others from hearing; its error surfaces as an uncaught exception.
   * @returns a function that ends the subscription
   */
  subscribe(listener: (set: EndpointSet) => void): () => void;
  /**
   * A hint that the answer may be outdated (a connection was lost): a registry that polls asks again soon, at its own
   * measured pace. Registries that are told of changes have no need of it and leave it out.
   */
  refresh?(): void;
  /** Gives this watcher back; the shared watch behind it ends with its last holder. Idempotent. */
  close(): void;
}

/** Where instances announce themselves and are found. One object serves a whole process. */
export interface Registry {
  /** Scheme of its target URIs, such as `consul`. */
  readonly scheme: string;
  /** For messages: `Consul at 127.0.0.1:8500`. */
  readonly description: string;
  /**
   * Announces an instance and keeps it announced. Resolves when the registry has it; with the registry out of reach it
   * keeps trying (see `onState`) and resolves at once with state `retrying`, unless the registry is configured to fail.
   * @throws ConfigError for an instance without a port, an empty name, ...
   */
  register(instance: Instance): Promise<Registration>;
  /** Watches a target; watches of equal targets share one. @throws ConfigError for a target it cannot serve */
  watch(target: Target): Watcher;
  /** Names of the services it knows, for tools. */
  services(): Promise<readonly ServiceSummary[]>;
  /** Ends every watch and heartbeat; registrations are left to expire. Idempotent. */
  close(): Promise<void>;
}

/** One line of a service listing. */
export interface ServiceSummary {
  readonly name: string;
  readonly tags: readonly string[];
  readonly passing: number;
  readonly total: number;
}
