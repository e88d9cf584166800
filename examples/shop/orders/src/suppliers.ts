import { Code } from '@breakwater/core';
import { shop } from '@breakwater/contracts';
import { type ClientOptions, type ClientPolicies, createClient } from '@breakwater/service';
import type { Suppliers } from './order-desk.js';

/** An order waits this long for its payment, all attempts together, before the charge is deferred. */
const PAYMENT_TIMEOUT_MS = 1200;
const PAYMENT_ATTEMPT_TIMEOUT_MS = 500;

/** Payments being down is no reason to turn a customer away: the order is accepted and charged later. */
const DEFERRABLE: ReadonlySet<Code> = new Set([Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED, Code.RESOURCE_EXHAUSTED]);

/** What protects an order from its payment. What is not named here keeps the framework's default. */
export const AUTHORIZE_POLICIES: ClientPolicies = {
  deadline: { timeoutMs: PAYMENT_TIMEOUT_MS },
  attemptTimeout: { timeoutMs: PAYMENT_ATTEMPT_TIMEOUT_MS },
  // A shop of a few orders per second notices within a second, and looks again twice a second.
  circuitBreaker: { windowMs: 1000, minimumCalls: 5, openMs: 500 },
  // No payment in the answer: nobody could be asked.
  fallback: { value: {}, when: ({ code }) => DEFERRABLE.has(code) },
};

export interface SupplierTargets {
  readonly inventory: string;
  readonly payments: string;
}

/** The clients of the services that an order needs. */
export const createSuppliers = (targets: SupplierTargets, options: ClientOptions): Suppliers => ({
  inventory: createClient(shop.inventory.v1.InventoryDefinition, targets.inventory, {
    ...options,
    policies: { deadline: { timeoutMs: 2000 }, attemptTimeout: { timeoutMs: 800 } },
  }),
  payments: createClient(shop.payments.v1.PaymentsDefinition, targets.payments, {
    ...options,
    methods: { Authorize: AUTHORIZE_POLICIES },
  }),
});
