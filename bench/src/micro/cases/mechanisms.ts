import { systemRandom } from '@breakwater/core';
import {
  backoffMs,
  Bulkhead,
  CircuitBreaker,
  resolveBulkhead,
  resolveCircuitBreaker,
  RetryBudget,
  TokenBucket,
} from '@breakwater/resilience';
import { type Case, syncCase } from '../case.js';

/** State machines of the policies, without a call around them. */
export function mechanismCases(): readonly Case[] {
  const bucket = new TokenBucket({ perSecond: 1e6, burst: 1e6 }, 0);
  const breaker = new CircuitBreaker(resolveCircuitBreaker(), () => {});
  const bulkhead = new Bulkhead(resolveBulkhead().maxInFlight, 0);
  const budget = new RetryBudget();
  const backoff = { initialBackoffMs: 50, backoffMultiplier: 2, maxBackoffMs: 1000 };
  return [
    // A microsecond and more between two calls: the bucket refills as fast as it is drawn from.
    syncCase('token bucket: take', (index) => bucket.tryTake(index / 1000)),
    syncCase('circuit breaker: acquire + settle', (index) => {
      const now = index / 1000;
      const permit = breaker.acquire(now);
      if (permit.admitted) breaker.settle(permit, 'success', now);
    }),
    syncCase('bulkhead: acquire + release', () => {
      if (bulkhead.tryAcquire()) bulkhead.release();
    }),
    syncCase('retry budget: deposit', () => budget.deposit()),
    syncCase('backoff: wait before a retry', (index) => backoffMs(1 + (index % 4), backoff, systemRandom)),
  ];
}
