/** Health of a check, as Consul spells it. */
export type CheckStatus = 'passing' | 'warning' | 'critical';

/** One registered service instance. Immutable; replaced when it changes. */
export interface ServiceRecord {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
  readonly weights: { readonly passing: number; readonly warning: number };
  readonly enableTagOverride: boolean;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

/** The state of one check. Immutable; replaced when it changes. */
export interface CheckRecord {
  readonly id: string;
  readonly name: string;
  readonly notes: string;
  readonly status: CheckStatus;
  readonly output: string;
  readonly type: 'ttl' | 'grpc' | 'tcp';
  readonly serviceId: string;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

/** How a check gets its status. */
export type CheckKind =
  | { readonly type: 'ttl'; readonly ttlMs: number }
  | {
      readonly type: 'grpc';
      readonly address: string;
      readonly service: string;
      readonly tls: boolean;
      readonly verify: boolean;
      readonly intervalMs: number;
      readonly timeoutMs: number;
    }
  | { readonly type: 'tcp'; readonly address: string; readonly intervalMs: number; readonly timeoutMs: number };

/** A check as it is registered. */
export interface CheckDefinition {
  readonly id: string;
  readonly name: string;
  readonly notes: string;
  readonly status: CheckStatus;
  readonly kind: CheckKind;
  /** The service goes when the check has been critical for this long, ms. */
  readonly deregisterAfterMs: number | undefined;
}

/** A service as it is registered. */
export type ServiceDefinition = Omit<ServiceRecord, 'createIndex' | 'modifyIndex'> & {
  readonly checks: readonly CheckDefinition[];
};
