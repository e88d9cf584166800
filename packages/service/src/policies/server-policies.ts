import { type Around, type Policy, type Runtime, stack } from '@breakwater/core';
import {
  type BulkheadOptions,
  concurrencyLimit,
  deadline,
  type DeadlineOptions,
  rateLimit,
  type RateLimitOptions,
} from '@breakwater/resilience';
import { type Method, recover } from '@breakwater/rpc';
import { checkAllPolicies } from './check-policies.js';
import { mergePolicies, ownPolicies } from './client-policies.js';

/** The policies of a service, or of one of its methods. `false` turns one off. */
export interface ServerPolicies {
  /** On: calls that arrive expired are not started. A total of the server's own: off (`timeoutMs: null`). */
  readonly deadline?: DeadlineOptions | undefined;
  /** On: 1,024 calls and 1,024 streams in flight, no queue. */
  readonly concurrencyLimit?: BulkheadOptions | false | undefined;
  /** Off. */
  readonly rateLimit?: RateLimitOptions | false | undefined;
}

export const SERVER_POLICY_KEYS: readonly (keyof ServerPolicies)[] = ['deadline', 'concurrencyLimit', 'rateLimit'];

const NO_TOTAL: DeadlineOptions = Object.freeze({ timeoutMs: null, streamTimeoutMs: null });

export interface ServerStackOptions {
  readonly runtime: Runtime;
  readonly policies: ServerPolicies;
  readonly methods: Readonly<Record<string, ServerPolicies>>;
  /** Counts the calls in flight, for the drain. */
  readonly tracker: Policy;
}

/**
 * The default server stack, outermost first. The concurrency limit and the rate limit are shared by all methods of the
 * service, except for a method that has its own settings for them.
 * @throws ConfigError for unknown policies and illegal settings
 */
export function serverStacks(options: ServerStackOptions): (method: Method) => Around {
  const { runtime, policies } = options;
  checkAllPolicies(policies, options.methods, SERVER_POLICY_KEYS);
  const sharedLimit =
    policies.concurrencyLimit === false ? undefined : concurrencyLimit(policies.concurrencyLimit ?? {}, runtime);
  const sharedRate = isOn(policies.rateLimit) ? rateLimit(policies.rateLimit, runtime) : undefined;

  return (method) => {
    const own = ownPolicies(options.methods, method);
    const merged = mergePolicies(policies, own);
    // Telemetry goes above. Then: nothing that is thrown below reaches the transport.
    const layers: Policy[] = [recover(runtime), options.tracker];
    // Expired work is not worth a place: before the limits.
    layers.push(deadline({ ...NO_TOTAL, ...merged.deadline }, runtime));
    // Before everything that costs work.
    const limit =
      own?.concurrencyLimit === undefined
        ? sharedLimit
        : isOn(merged.concurrencyLimit)
          ? concurrencyLimit(merged.concurrencyLimit, runtime)
          : undefined;
    if (limit !== undefined) layers.push(limit);
    const rate =
      own?.rateLimit === undefined
        ? sharedRate
        : isOn(merged.rateLimit)
          ? rateLimit(merged.rateLimit, runtime)
          : undefined;
    if (rate !== undefined) layers.push(rate);
    // Reserved, in this order: auth, validate, idempotency.
    return stack(...layers);
  };
}

const isOn = <T extends object>(policy: T | false | undefined): policy is T => policy !== undefined && policy !== false;
