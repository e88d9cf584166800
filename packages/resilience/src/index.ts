// Use this: policies, outermost first
export { deadline } from './deadline/policy.js';
export { fallback } from './fallback/policy.js';
export { bulkhead, concurrencyLimit, type BulkheadPolicy } from './bulkhead/policy.js';
export { retry } from './retry/policy.js';
export { RetryBudget, type RetryBudgetOptions, type RetryBudgetSettings } from './retry/retry-budget.js';
export { circuitBreaker, type CircuitBreakerContext, type CircuitBreakerPolicy } from './circuit-breaker/policy.js';
export { rateLimit, type RateLimitOptions, type RateLimitSettings } from './rate-limit/policy.js';
export { attemptTimeout } from './timeout/attempt-timeout.js';
export { idleTimeout } from './timeout/idle-timeout.js';
export { pace, type Pace, type PaceJobOptions, type Turn } from './pace/pace.js';
export { paced } from './pace/policy.js';
// Their options
export type { BulkheadOptions, BulkheadSettings } from './bulkhead/options.js';
export type { CircuitBreakerOptions, CircuitBreakerSettings } from './circuit-breaker/options.js';
export type { DeadlineOptions, DeadlineSettings } from './deadline/options.js';
export type { FallbackOptions, FallbackSettings, StaleOnError } from './fallback/options.js';
export type { PaceOptions, PaceSettings } from './pace/options.js';
export type { RetryOptions, RetrySettings } from './retry/options.js';
export type { TimeoutOptions } from './timeout/options.js';
// Per-call options, set by the client's edge
export { CALL_TIMEOUT_MS, requireTimeoutMs } from './deadline/options.js';
export { CALL_MAX_ATTEMPTS, MAX_ATTEMPTS_RANGE } from './retry/options.js';
// For configuration: defaults, and validation that fills them in
export { BULKHEAD_DEFAULTS, resolveBulkhead } from './bulkhead/options.js';
export { CIRCUIT_BREAKER_DEFAULTS, resolveCircuitBreaker } from './circuit-breaker/options.js';
export { DEADLINE_DEFAULTS, resolveDeadline } from './deadline/options.js';
export { FALLBACK_DEFAULTS, resolveFallback } from './fallback/options.js';
export { PACE_DEFAULTS, resolvePace } from './pace/options.js';
export { RATE_LIMIT_DEFAULTS, resolveRateLimit } from './rate-limit/policy.js';
export { RETRY_DEFAULTS, resolveRetry } from './retry/options.js';
export { RETRY_BUDGET_DEFAULTS, resolveRetryBudget } from './retry/retry-budget.js';
export { requireAttemptBelowTotal, resolveTimeout } from './timeout/options.js';
// For adapters: the retry headers on the wire
export {
  DO_NOT_RETRY,
  formatPushback,
  parsePushback,
  PREVIOUS_ATTEMPTS_KEY,
  PUSHBACK_KEY,
  readPushback,
} from './pushback.js';
// Mechanisms: state machines without a clock, for policies of your own
export { backoffMs, type Backoff } from './retry/backoff.js';
export { Bulkhead, type Waiter } from './bulkhead/bulkhead.js';
export {
  CircuitBreaker,
  type BreakerPermit,
  type BreakerRejection,
  type BreakerSnapshot,
  type BreakerTransition,
  type Verdict,
} from './circuit-breaker/circuit-breaker.js';
export { classifyOutcome, type Classify } from './circuit-breaker/classify.js';
export { KeyedLimiter } from './rate-limit/keyed-limiter.js';
export { TokenBucket, type TokenRate } from './rate-limit/token-bucket.js';
export { StaleCache } from './fallback/stale-cache.js';
