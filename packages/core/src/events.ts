import type { Call } from './call.js';
import type { Status } from './status.js';

/** Names of the circuit breaker's states. `isolated`: opened by hand. */
export type BreakerState = 'closed' | 'open' | 'half_open' | 'isolated';

/** Why `retry` gave up although the failure as such could be retried. */
export type RetryRefusal =
  | 'attempts_exhausted'
  | 'budget_exhausted'
  | 'committed'
  | 'deadline'
  | 'not_idempotent'
  | 'pushback';

/** One decision of a policy. Emitted only while somebody listens. */
export type PolicyEvent =
  | { readonly type: 'rejected'; readonly policy: string; readonly call: Call; readonly status: Status }
  | { readonly type: 'queued'; readonly policy: string; readonly call: Call; readonly depth: number }
  | {
      readonly type: 'retry';
      readonly policy: 'retry';
      readonly call: Call;
      readonly status: Status;
      /** Number of the attempt about to start, 2 or more. */
      readonly nextAttempt: number;
      readonly delayMs: number;
    }
  | {
      readonly type: 'retry_refused';
      readonly policy: 'retry';
      readonly call: Call;
      readonly status: Status;
      readonly why: RetryRefusal;
    }
  | {
      readonly type: 'breaker_transition';
      readonly policy: 'circuit-breaker';
      readonly name: string;
      readonly from: BreakerState;
      readonly to: BreakerState;
      /** `failure ratio 0.62 of 34 calls`, `probe failed`, ... */
      readonly why: string;
    }
  | {
      /** PEM files have changed. `used`: new connections get what they hold now. `refused`: they get what was read before. */
      readonly type: 'certificates';
      readonly policy: 'tls';
      /** The service that is served with them, or called. */
      readonly name: string;
      readonly outcome: 'used' | 'refused';
      /** Which options and files, and why not. */
      readonly why: string;
    }
  | { readonly type: 'fallback'; readonly policy: 'fallback'; readonly call: Call; readonly status: Status }
  | { readonly type: 'attempt_timeout'; readonly policy: 'attempt-timeout'; readonly call: Call }
  | {
      readonly type: 'defect';
      readonly policy: 'recover';
      readonly call: Call;
      readonly error: unknown;
    };

type Listener = (event: PolicyEvent) => void;

/** Fan-out of policy events. A policy builds its event only when `listening`; a listener must not throw. */
export class PolicyEvents {
  private listeners: readonly Listener[] = [];

  get listening(): boolean {
    return this.listeners.length > 0;
  }

  /** @returns a function that ends the subscription */
  subscribe(listener: Listener): () => void {
    this.listeners = [...this.listeners, listener];
    return () => {
      this.listeners = this.listeners.filter((one) => one !== listener);
    };
  }

  emit(event: PolicyEvent): void {
    for (const listener of this.listeners) listener(event);
  }
}
