import { type Call, createRuntime, type Handler, Metadata, type Policy, stack, succeed } from '@breakwater/core';
import { aCall } from '@breakwater/core/testing';
import {
  attemptTimeout,
  bulkhead,
  circuitBreaker,
  concurrencyLimit,
  deadline,
  fallback,
  idleTimeout,
  rateLimit,
  retry,
  RetryBudget,
} from '@breakwater/resilience';
import { asyncCase, type Case } from '../case.js';

const OUTCOME = succeed('value', Metadata.EMPTY, Metadata.EMPTY);
const leaf: Handler = () => Promise.resolve(OUTCOME);

/** Every policy alone over a leaf that answers at once. The first case is the leaf alone, with its await. */
export function policyCases(): readonly Case[] {
  const runtime = createRuntime();
  const policies: Readonly<Record<string, Policy>> = {
    deadline: deadline({}, runtime),
    fallback: fallback({ value: 'stand-in' }, runtime),
    bulkhead: bulkhead({}, runtime),
    retry: retry({ budget: new RetryBudget() }, runtime),
    circuitBreaker: circuitBreaker({}, runtime, { name: 'micro' }),
    rateLimit: rateLimit({ perSecond: 1e6, burst: 1e6 }, runtime),
    attemptTimeout: attemptTimeout({ timeoutMs: 1000 }, runtime),
    idleTimeout: idleTimeout({ timeoutMs: 1000 }, runtime),
    concurrencyLimit: concurrencyLimit({}, runtime),
  };
  const call = (): Call => aCall({ now: runtime.clock.now() });
  const one = (name: string, ...layers: readonly Policy[]): Case => {
    const handler = stack(...layers)(leaf);
    return asyncCase(name, () => handler(call()));
  };
  return [one('leaf alone'), ...Object.entries(policies).map(([name, policy]) => one(`policy: ${name}`, policy))];
}
