import assert from 'node:assert/strict';
import { Code, ConfigError } from '@breakwater/core';
import * as resilience from './index.js';

describe('the defaults', () => {
  it('of deadline: 5 s for calls with one response, none for response streams', () => {
    assert.deepEqual(resilience.resolveDeadline(), { timeoutMs: 5000, streamTimeoutMs: null });
  });

  it('of retry: 3 attempts, 50 ms doubling up to 1 s, UNAVAILABLE, 64 messages', () => {
    assert.deepEqual(resilience.resolveRetry(), {
      maxAttempts: 3,
      initialBackoffMs: 50,
      backoffMultiplier: 2,
      maxBackoffMs: 1000,
      retryableCodes: [Code.UNAVAILABLE],
      replayBufferMessages: 64,
    });
  });

  it('of the retry budget: a tenth of the calls and ten once', () => {
    assert.deepEqual(resilience.resolveRetryBudget(), { ratio: 0.1, reserveTokens: 10, maxTokens: 100 });
  });

  it('of the circuit breaker: half of at least 20 calls in 10 s, open 1 s, 1 probe', () => {
    assert.deepEqual(resilience.resolveCircuitBreaker(), {
      failureRatio: 0.5,
      minimumCalls: 20,
      windowMs: 10_000,
      windowCalls: undefined,
      openMs: 1000,
      halfOpenProbes: 1,
      probeLeaseMs: 10_000,
      slowCallRatio: undefined,
      slowCallMs: undefined,
    });
    assert.equal(resilience.resolveCircuitBreaker({ windowCalls: 5 }).minimumCalls, 5);
  });

  it('of the bulkhead: 1,024 in flight, no queue', () => {
    assert.deepEqual(resilience.resolveBulkhead(), {
      maxInFlight: 1024,
      maxStreams: 1024,
      queue: 0,
      queueTimeoutMs: undefined,
      retryAfterMs: 100,
    });
  });

  it('of fallback, pace and rate limit, which have to be configured', () => {
    assert.deepEqual(resilience.FALLBACK_DEFAULTS, {
      kinds: ['unary'],
      maxEntries: 1000,
      maxAgeMs: 60_000,
      timeoutMs: 1000,
    });
    assert.deepEqual(resilience.PACE_DEFAULTS, { queue: 1000, priority: 5 });
    assert.deepEqual(resilience.RATE_LIMIT_DEFAULTS, { maxKeys: 10_000 });
    assert.throws(() => resilience.resolveTimeout({} as resilience.TimeoutOptions, 'attemptTimeout'), ConfigError);
  });

  it('are frozen, and so is what is made of them', () => {
    for (const [name, value] of Object.entries(resilience)) {
      if (name.endsWith('_DEFAULTS')) assert.ok(Object.isFrozen(value), name);
    }
    const resolved = [
      resilience.resolveDeadline(),
      resilience.resolveRetry(),
      resilience.resolveRetryBudget(),
      resilience.resolveCircuitBreaker(),
      resilience.resolveBulkhead(),
    ];
    for (const settings of resolved) assert.ok(Object.isFrozen(settings));
  });
});
