import { Code, codeName, type CodeName, RpcError } from '@breakwater/core';
import { shop } from '@breakwater/contracts';

type Order = shop.orders.v1.Order;

const { OrderStatus, PaymentStatus } = shop.orders.v1;

/**
 * What a client was told about its order.
 * `charged`: accepted and paid. `deferred`: accepted, to be charged later. `declined`, `out_of_stock`: turned down, for
 * business reasons. `limited`: turned away by a policy of the shop. `failed`: anything else; the client does not know.
 */
export type Told = 'charged' | 'deferred' | 'declined' | 'out_of_stock' | 'limited' | 'failed';

export interface Answer {
  readonly told: Told;
  /** Set when the call ended with an error. */
  readonly code?: CodeName;
  readonly reason?: string;
  readonly retryAfterMs?: number;
  readonly details?: string;
}

/** By these a policy turns a call away before any work is done. */
const LIMITS: ReadonlySet<string> = new Set([
  'RATE_LIMITED',
  'CONCURRENCY_LIMITED',
  'BULKHEAD_FULL',
  'BULKHEAD_TIMEOUT',
]);

/** What an order in an answer says. */
export function readOrder(order: Order | undefined): Answer {
  if (order?.status === OrderStatus.REJECTED) return { told: 'declined' };
  if (order?.status === OrderStatus.ACCEPTED && order.paymentStatus === PaymentStatus.AUTHORIZED)
    return { told: 'charged' };
  if (order?.status === OrderStatus.ACCEPTED && order.paymentStatus === PaymentStatus.DEFERRED)
    return { told: 'deferred' };
  return { told: 'failed', details: `an order with status ${order?.status}, payment ${order?.paymentStatus}` };
}

/** What an error says. */
export function readError(thrown: unknown): Answer {
  const error = RpcError.from(thrown);
  const { code, reason, retryAfterMs } = error;
  const told =
    code === Code.FAILED_PRECONDITION && reason === 'OUT_OF_STOCK'
      ? 'out_of_stock'
      : code === Code.RESOURCE_EXHAUSTED && reason !== undefined && LIMITS.has(reason)
        ? 'limited'
        : 'failed';
  return {
    told,
    code: codeName(code),
    details: error.message,
    ...(reason === undefined ? {} : { reason }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** Whether the shop did what it is there for, be it to turn an order down for a business reason. */
export const isServed = (told: Told): boolean => told !== 'limited' && told !== 'failed';
