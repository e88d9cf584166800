import { type Around, type Policy, requireKnownKeys, type Runtime, stack, streamsResponse } from '@breakwater/core';
import {
  attemptTimeout,
  type BulkheadOptions,
  bulkhead,
  circuitBreaker,
  type CircuitBreakerOptions,
  type CircuitBreakerPolicy,
  deadline,
  type DeadlineOptions,
  fallback,
  type FallbackOptions,
  idleTimeout,
  rateLimit,
  type RateLimitOptions,
  requireAttemptBelowTotal,
  resolveDeadline,
  retry,
  RetryBudget,
  type RetryBudgetOptions,
  type RetryOptions,
  type TimeoutOptions,
} from '@breakwater/resilience';
import type { Method } from '@breakwater/rpc';
import { checkAllPolicies } from './check-policies.js';

/** `RetryOptions` with the budget as settings; the budget itself is shared by all clients of a target. */
export interface RetryPolicyOptions extends Omit<RetryOptions, 'budget'> {
  readonly budget?: RetryBudgetOptions | undefined;
}

/** The policies of a client, or of one method. `false` turns one off; what is not named keeps its default. */
export interface ClientPolicies {
  /** On: 5 s for unary and client-streaming calls, none for response streams. */
  readonly deadline?: DeadlineOptions | undefined;
  /** Off. */
  readonly fallback?: FallbackOptions | false | undefined;
  /** On: 1,024 calls and 1,024 streams in flight, no queue. */
  readonly bulkhead?: BulkheadOptions | false | undefined;
  /** On: 3 attempts, 50 ms x2 up to 1 s, UNAVAILABLE; budget 10 % of the calls. */
  readonly retry?: RetryPolicyOptions | false | undefined;
  /** On: half of at least 20 calls in 10 s, open for 1 s, one probe. One breaker per method. */
  readonly circuitBreaker?: CircuitBreakerOptions | false | undefined;
  /** Off. */
  readonly rateLimit?: RateLimitOptions | false | undefined;
  /** Off. */
  readonly attemptTimeout?: TimeoutOptions | false | undefined;
  /** Off. */
  readonly idleTimeout?: TimeoutOptions | false | undefined;
}

export const CLIENT_POLICY_KEYS: readonly (keyof ClientPolicies)[] = [
  'deadline',
  'fallback',
  'bulkhead',
  'retry',
  'circuitBreaker',
  'rateLimit',
  'attemptTimeout',
  'idleTimeout',
];

/** A client's stacks, and its breakers by method path for those who want to isolate or reset one. */
export interface ClientStacks {
  readonly stackFor: (method: Method) => Around;
  readonly breakers: ReadonlyMap<string, CircuitBreakerPolicy>;
}

export interface ClientStackOptions {
  readonly target: string;
  readonly runtime: Runtime;
  readonly policies: ClientPolicies;
  /** By method name (`Authorize`) or path without the slash in front (`shop.payments.v1.Payments/Authorize`). */
  readonly methods: Readonly<Record<string, ClientPolicies>>;
  /** Shared by every client of the target that has no budget settings of its own. */
  readonly sharedBudget: RetryBudget;
}

/**
 * The default client stack, outermost first. State is shared as it should be: budget per target, bulkhead and rate limit
 * per client, breaker per method (one slow method must not close the others). A method with settings of its own for a
 * shared policy gets its own instance.
 * @throws ConfigError for unknown policies, illegal settings, and settings that contradict each other
 */
export function clientStacks(options: ClientStackOptions): ClientStacks {
  const { runtime, policies, target } = options;
  checkAllPolicies(policies, options.methods, CLIENT_POLICY_KEYS);
  const budget =
    policies.retry === false || policies.retry?.budget === undefined
      ? options.sharedBudget
      : new RetryBudget(policies.retry.budget);
  const sharedBulkhead = policies.bulkhead === false ? undefined : bulkhead(policies.bulkhead ?? {}, runtime);
  const sharedRate =
    policies.rateLimit === undefined || policies.rateLimit === false
      ? undefined
      : rateLimit(policies.rateLimit, runtime);
  const breakers = new Map<string, CircuitBreakerPolicy>();

  const stackFor = (method: Method): Around => {
    const own = ownPolicies(options.methods, method);
    const merged = mergePolicies(policies, own);
    checkTimes(merged, method);
    const layers: Policy[] = [];
    // Outermost: bounds everything below, waiting and repeating included. (Telemetry of the logical call goes above it.)
    layers.push(deadline(merged.deadline ?? {}, runtime));
    // Below the deadline, which it cannot outlive; above all that can reject, since it stands in for every one of them.
    if (isOn(merged.fallback)) layers.push(fallback(merged.fallback, runtime));
    // Above retry: a logical call holds one place, however many attempts it makes.
    const hold =
      own?.bulkhead === undefined
        ? sharedBulkhead
        : isOn(merged.bulkhead)
          ? bulkhead(merged.bulkhead, runtime)
          : undefined;
    if (hold !== undefined) layers.push(hold);
    // Above the breaker, so that each attempt is judged by itself and a rejection ends the call.
    if (merged.retry !== false) {
      const { budget: ownBudget, ...settings } = merged.retry ?? {};
      const ofMethod = own?.retry !== false && own?.retry?.budget !== undefined;
      layers.push(retry({ ...settings, budget: ofMethod ? new RetryBudget(ownBudget) : budget }, runtime));
    }
    // Above the rate limit and the timeout: it counts what attempts come to, and does not count what we refuse ourselves.
    if (merged.circuitBreaker !== false) {
      const breaker = circuitBreaker(merged.circuitBreaker ?? {}, runtime, {
        name: breakerName(target, method.path),
      });
      breakers.set(method.path, breaker);
      layers.push(breaker);
    }
    // Below retry: attempts are what the target feels.
    const rate =
      own?.rateLimit === undefined
        ? sharedRate
        : isOn(merged.rateLimit)
          ? rateLimit(merged.rateLimit, runtime)
          : undefined;
    if (rate !== undefined) layers.push(rate);
    // Innermost: bounds one attempt.
    if (isOn(merged.attemptTimeout)) layers.push(attemptTimeout(merged.attemptTimeout, runtime));
    if (isOn(merged.idleTimeout)) layers.push(idleTimeout(merged.idleTimeout, runtime));
    return stack(...layers);
  };
  return { stackFor, breakers };
}

/** What logs call a breaker: target and method. */
export const breakerName = (target: string, path: string): string => `${target} ${path.slice(1)}`;

/** Settings of `own` over those of `general`, policy by policy; `false` in either replaces the whole policy. */
export function mergePolicies<P extends object>(general: P, own: P | undefined): P {
  if (own === undefined) return general;
  const merged = { ...general } as Record<string, unknown>;
  for (const [key, value] of Object.entries(own)) {
    if (value === undefined) continue;
    const before = merged[key];
    merged[key] = isSettings(before) && isSettings(value) ? { ...before, ...value } : value;
  }
  return merged as P;
}

/** The settings that `methods` has for a method: by path, or else by its bare name. */
export const ownPolicies = <P>(methods: Readonly<Record<string, P>>, method: Method): P | undefined =>
  [method.path.slice(1), method.method]
    // Own ones only: an RPC may be called toString.
    .filter((name) => Object.hasOwn(methods, name))
    .map((name) => methods[name])
    .find((own) => own !== undefined);

/** @throws ConfigError for a key of `methods` that names no method of the service */
export function checkMethodNames(
  field: string,
  methods: Readonly<Record<string, unknown>>,
  known: readonly Method[],
): void {
  const names = known.flatMap((method) => [method.method, method.path.slice(1)]);
  requireKnownKeys(field, methods, names);
}

const isSettings = (value: unknown): value is object => typeof value === 'object' && value !== null;

const isOn = <T extends object>(policy: T | false | undefined): policy is T => policy !== undefined && policy !== false;

function checkTimes(merged: ClientPolicies, method: Method): void {
  if (!isOn(merged.attemptTimeout)) return;
  const total = resolveDeadline(merged.deadline);
  const totalMs = streamsResponse(method) ? total.streamTimeoutMs : total.timeoutMs;
  requireAttemptBelowTotal(`attemptTimeout.timeoutMs of ${method.method}`, merged.attemptTimeout.timeoutMs, totalMs);
}
